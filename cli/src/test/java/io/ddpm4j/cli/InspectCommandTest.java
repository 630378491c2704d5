package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.nn.UNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  @TempDir Path dir;

  @Test
  void showsEverythingOfAModelOfOurs() throws IOException {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 3, TestModels.CLASSES);
    long parameters = UNet.parameters(TestModels.config(3, 3)).count();
    CommandRun run =
        CommandRun.of("inspect", model)
            .succeeds()
            .prints(model, "opset ai.onnx 17", "producer", "ddpm4j")
            .prints("input         sample: float[batch, 3, 8, 8]", "timestep: int64[batch]")
            .prints("class_labels: int64[batch]", "output        out_sample: float[batch, 3, 8, 8]")
            .prints("%,d (".formatted(parameters), "Conv ", "Softmax ")
            .prints("images        3 channels, height 8, width 8, values -1 to 1")
            .prints("classes       3: Boot, T-shirt, Bag")
            .prints("linear, 20 timesteps, beta 0.0001 to 0.3")
            .prints("predicts epsilon, variance fixed_large, clipped to +-1")
            .prints("origin        dataset none, steps 0, seed 5");
    assertTrue(run.out().lines().allMatch(line -> line.length() <= 100), run.out());
    assertEquals(run.out(), CommandRun.of("inspect", dir).succeeds().out(), "a folder");
  }

  @Test
  void showsTheNullClass() throws IOException {
    Map<String, String> metadata = TestModels.metadata(1, TestModels.CLASSES);
    metadata.put("ddpm4j.null_class", "3");
    Path model = TestModels.write(dir.resolve("model.onnx"), 1, TestModels.CLASSES, metadata);
    CommandRun.of("inspect", model).succeeds().prints("null class    label 3, for guidance");
  }

  @Test
  void json() throws IOException {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 1, TestModels.CLASSES);
    JsonObject o =
        JsonParser.parseString(CommandRun.of("inspect", "--json", model).succeeds().out())
            .getAsJsonObject();
    assertEquals(17, o.getAsJsonObject("opsets").get("ai.onnx").getAsInt());
    assertEquals(3, o.getAsJsonArray("inputs").size());
    assertEquals(
        JsonParser.parseString(
            "{\"name\": \"sample\", \"type\": \"float\", \"dims\": [\"batch\", 1, 8, 8]}"),
        o.getAsJsonArray("inputs").get(0));
    assertEquals(
        "[\"batch\",1,8,8]",
        o.getAsJsonArray("outputs").get(0).getAsJsonObject().get("dims").toString());
    assertEquals(Files.size(model), o.get("file_bytes").getAsLong());
    JsonObject metadata = o.getAsJsonObject("metadata");
    assertEquals("Boot", metadata.getAsJsonArray("ddpm4j.classes").get(0).getAsString());
    assertEquals(
        20, metadata.getAsJsonObject("ddpm4j.scheduler").get("num_train_timesteps").getAsInt());
  }

  @Test
  void plotsTheSchedule() throws IOException {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 1, List.of());
    Path plot = dir.resolve("plot.png");
    CommandRun.of("inspect", model, "--plot", plot).succeeds().prints(plot);
    assertEquals(900, ImageIO.read(plot.toFile()).getWidth());
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx"));
    CommandRun.of("inspect", foreign, "--plot", plot).failsSaying(foreign, "noise schedule");
    Path folder = Files.createDirectory(dir.resolve("folder.png"));
    CommandRun.of("inspect", model, "--plot", folder).failsSaying("--plot", folder);
    CommandRun.of("inspect", model, "--plot", "plot.svg")
        .isWrongUsage("--plot: expected a file name that ends in .png, found 'plot.svg'");
  }

  @Test
  void drawsTheNetwork() throws IOException {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 1, List.of());
    Path graph = dir.resolve("new/graph.svg");
    CommandRun.of("inspect", model, "--graph", graph).succeeds().prints(graph);
    String svg = Files.readString(graph);
    assertTrue(svg.contains("out_sample") && svg.contains("/model.onnx</title>"), svg);
    CommandRun.of("inspect", model, "--graph", graph, "--json").succeeds();
    Path noPredictor = TestModels.noPredictor(dir.resolve("double.onnx"));
    CommandRun.of("inspect", noPredictor, "--graph", graph).succeeds();
    assertTrue(Files.readString(graph).contains(">Add</text>"));
    CommandRun.of("inspect", model, "--graph", "graph.png")
        .isWrongUsage("--graph: expected a file name that ends in .svg, found 'graph.png'");
  }

  @Test
  void readsForeignModelsAndWhatIsNoPredictor() throws IOException {
    CommandRun.of("inspect", TestModels.foreign(dir.resolve("foreign.onnx")))
        .succeeds()
        .prints("none in the file", "--scheduler");
    CommandRun.of("inspect", TestModels.noPredictor(dir.resolve("double.onnx")))
        .succeeds()
        .prints("x: float[2, 3]", "Add 1");
    Path long_ = dir.resolve("long.onnx");
    TestModels.write(long_, 1, List.of(), Map.of("notes", "word ".repeat(1000)));
    CommandRun.of("inspect", long_).succeeds().prints("5000 characters");
  }

  /** As ddpm sample opens them: the scheduler's file counts where the model says nothing. */
  @Test
  void readsFoldersOfDiffusers() throws IOException {
    Path folder = dir.resolve("diffusers");
    Files.createDirectories(folder.resolve("unet"));
    Files.createDirectories(folder.resolve("scheduler"));
    TestModels.foreign(folder.resolve("unet/model.onnx"));
    CommandRun.of("inspect", folder).succeeds().prints("none in the file", "--scheduler");
    Path scheduler = folder.resolve("scheduler/scheduler_config.json");
    Files.writeString(scheduler, "{\"num_train_timesteps\": 10, \"beta_end\": 0.3}");
    CommandRun.of("inspect", folder)
        .succeeds()
        .prints(folder.resolve("unet/model.onnx"), "scheduler     " + scheduler)
        .prints("schedule      linear, 10 timesteps, beta 0.0001 to 0.3");
    assertEquals(
        scheduler.toString(),
        JsonParser.parseString(CommandRun.of("inspect", "--json", folder).succeeds().out())
            .getAsJsonObject()
            .get("scheduler_file")
            .getAsString());
    CommandRun.of("inspect", folder, "--plot", dir.resolve("folder.png")).succeeds();

    Path flat = Files.createDirectory(dir.resolve("flat"));
    Files.copy(scheduler, flat.resolve("scheduler_config.json"));
    TestModels.foreign(flat.resolve("model.onnx"));
    CommandRun.of("inspect", flat).succeeds().prints("linear, 10 timesteps");
    TestModels.unet(flat.resolve("model.onnx"), 1, List.of());
    CommandRun.of("inspect", flat).succeeds().prints("linear, 20 timesteps");
  }

  @Test
  void unusableInput() throws IOException {
    CommandRun.of("inspect", dir.resolve("none.onnx")).failsSaying("none.onnx", "no such file");
    Path empty = Files.createFile(dir.resolve("empty.onnx"));
    CommandRun.of("inspect", empty).failsSaying(empty);
    Path text = Files.writeString(dir.resolve("text.onnx"), "this is no model\n".repeat(9));
    CommandRun.of("inspect", text).failsSaying(text);
    byte[] whole = Files.readAllBytes(TestModels.foreign(dir.resolve("whole.onnx")));
    Path cut = Files.write(dir.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length / 2));
    CommandRun.of("inspect", cut).failsSaying(cut);
    Path folder = Files.createDirectory(dir.resolve("folder"));
    CommandRun.of("inspect", folder).failsSaying(folder, "no model.onnx");
    Path newer = dir.resolve("newer.onnx");
    TestModels.write(newer, 1, List.of(), Map.of("ddpm4j.format", "2"));
    CommandRun.of("inspect", newer)
        .failsSaying(newer, "ddpm4j.format", "expected 1", "2")
        .prints("parameters");
  }
}
