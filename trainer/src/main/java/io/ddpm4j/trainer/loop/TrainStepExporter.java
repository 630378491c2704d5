package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.Unfinished;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.checkpoint.StateFile;
import io.ddpm4j.trainer.step.ParameterLayout;
import io.ddpm4j.trainer.step.PredictorGraph;
import io.ddpm4j.trainer.step.TrainStepConfig;
import io.ddpm4j.trainer.step.TrainStepGraph;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Writes the training step of a run as files with which any ONNX runtime trains on; {@code
 * docs/exporting.md} describes them.
 */
public final class TrainStepExporter {
  private static final String MODEL = ".onnx";

  /** In JSON, no text holds a line break. */
  private static final Pattern NUMBERS = Pattern.compile("\\[\n\\s*([-0-9.eE,\\s]+?)\\s*\\]");

  private TrainStepExporter() {}

  /**
   * The files of a training step, in one folder.
   *
   * @param step {@code NAME.onnx}: the graph of {@link TrainStepGraph}
   * @param predictor {@code NAME-predictor.onnx}: the graph of {@link PredictorGraph}
   * @param state {@code NAME.safetensors}: a {@link StateFile}, what training begins with
   * @param description {@code NAME.json}: inputs, outputs, state and hyperparameters
   */
  public record Files(Path step, Path predictor, Path state, Path description) {
    /**
     * The files that lie beside a graph's.
     *
     * @throws IllegalArgumentException if its name does not end in {@code .onnx}
     */
    public static Files beside(Path step) {
      String name = step.getFileName() == null ? "" : step.getFileName().toString();
      require(
          name.length() > MODEL.length() && name.endsWith(MODEL),
          "--train-step",
          "a file name that ends in " + MODEL,
          step);
      String stem = name.substring(0, name.length() - MODEL.length());
      return new Files(
          step,
          step.resolveSibling(stem + "-predictor" + MODEL),
          step.resolveSibling(stem + ".safetensors"),
          step.resolveSibling(stem + ".json"));
    }

    /** All of them, the description last. */
    public List<Path> all() {
      return List.of(step, predictor, state, description);
    }
  }

  /**
   * Writes the files: all of them, or none if that is impossible.
   *
   * @param batch images of a step; empty for as many as the run's steps have
   * @throws IllegalArgumentException if there are too few or too many; the message begins with the
   *     option
   * @throws IOException if the state is not whole, or a file cannot be written
   */
  public static void export(RunSnapshot run, Files files, OptionalInt batch) throws IOException {
    TrainStepConfig config = config(run, batch);
    TrainStepGraph step = TrainStepGraph.build(config);
    JsonObject description = new TrainStepDescription(run, config, step).toJson();
    OnnxModel model =
        OnnxModel.of(step.graph())
            .withMetadata(Map.of(MetadataKeys.TRAIN_STEP, description.toString()));
    Graph predictor = PredictorGraph.build(run.unet());
    StateFile state = state(run, config, step.layout());
    JsonObject named = TrainStepDescription.withFiles(description, files, run.step());
    List<AtomicFile> staged = new ArrayList<>();
    try {
      staged.add(stage(files.step(), OnnxWriter.toBytes(model)));
      staged.add(stage(files.predictor(), OnnxWriter.toBytes(OnnxModel.of(predictor))));
      staged.add(AtomicFile.stage(files.state(), state::write));
      staged.add(stage(files.description(), text(named).getBytes(StandardCharsets.UTF_8)));
      Unfinished.together(
          () -> {
            for (AtomicFile file : staged) {
              file.commit();
            }
          });
    } finally {
      staged.forEach(AtomicFile::close); // what is committed stays
    }
  }

  private static AtomicFile stage(Path file, byte[] content) throws IOException {
    return AtomicFile.stage(file, out -> out.write(content));
  }

  /** Lists of numbers, of which there are hundreds, stand in one line each. */
  private static String text(JsonObject json) {
    Gson gson = new GsonBuilder().serializeNulls().setPrettyPrinting().create();
    return NUMBERS
            .matcher(gson.toJson(json))
            .replaceAll(list -> "[" + list.group(1).replaceAll("\\s+", " ") + "]")
        + "\n";
  }

  private static TrainStepConfig config(RunSnapshot run, OptionalInt batch) {
    UNetConfig unet = run.unet();
    TrainStepConfig config = run.config().step(unet);
    if (batch.isEmpty()) {
      return config;
    }
    long numbers = (long) unet.inChannels() * unet.sampleSize() * unet.sampleSize();
    long most = Integer.MAX_VALUE / numbers;
    require(
        batch.getAsInt() >= 1 && batch.getAsInt() <= most,
        "--batch",
        "1 to " + most + " images",
        batch.getAsInt());
    return config.withBatchSize(batch.getAsInt());
  }

  private static StateFile state(RunSnapshot run, TrainStepConfig config, ParameterLayout layout)
      throws IOException {
    Map<String, TensorData> vectors = new LinkedHashMap<>();
    for (String name : UpdateGraph.state(config)) {
      vectors.put(name, TensorData.ofFloats(layout.join(run.state(name)), layout.size()));
    }
    return new StateFile(run.step(), vectors);
  }
}
