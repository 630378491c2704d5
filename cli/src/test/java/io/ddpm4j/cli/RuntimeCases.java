package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.JsonParser;
import io.ddpm4j.cli.RuntimeCase.Input;
import io.ddpm4j.cli.RuntimeCase.Kind;
import io.ddpm4j.cli.RuntimeCase.Sampling;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.sampling.LinearSampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.sampling.StepTable;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What runtimes are compared on: every shipped model, in every kind of use. */
final class RuntimeCases {
  static final String FILE = "cases.json";
  private static final int STEPS = 10;
  private static final long SEED = 11;

  private RuntimeCases() {}

  /** Leaves the cases, with their graphs, in a folder. */
  static List<RuntimeCase> write(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<RuntimeCase> cases = new ArrayList<>();
    for (Path shipped : ShippedModelsTest.models()) {
      String network = shipped.getFileName().toString();
      Path file = folder.resolve(network + ".onnx");
      Files.copy(shipped.resolve(Models.FILE), file, StandardCopyOption.REPLACE_EXISTING);
      ModelMetadata metadata =
          ModelMetadata.parse(file.toString(), OnnxReader.read(file).metadata());
      cases.add(evaluation(network, metadata));
      cases.add(sampling(network, metadata));
      cases.add(loop(network, file, metadata));
    }
    Files.writeString(folder.resolve(FILE), new Gson().toJson(cases));
    return cases;
  }

  private static RuntimeCase evaluation(String network, ModelMetadata metadata) {
    int timesteps = metadata.scheduler().orElseThrow().trainTimesteps();
    Map<String, Input> inputs = inputs(metadata);
    inputs.put("timestep", Input.ofLongs(timesteps / 5, timesteps - 1)); // one for each image
    return new RuntimeCase(network, Kind.EVALUATION, network + ".onnx", inputs, "out_sample", null);
  }

  private static RuntimeCase sampling(String network, ModelMetadata metadata) {
    SchedulerConfig scheduler = metadata.scheduler().orElseThrow();
    LinearSampler ddim = (LinearSampler) Samplers.ddim().create(scheduler).withSteps(STEPS);
    StepTable table = ddim.table(scheduler.noiseSchedule(), 0);
    double range = scheduler.clipSample() ? scheduler.clipSampleRange() : Double.MAX_VALUE;
    Sampling sampling =
        new Sampling(
            JsonParser.parseString(scheduler.toJson()),
            STEPS,
            new double[] {-range, range},
            table.steps());
    return new RuntimeCase(
        network, Kind.SAMPLING, network + ".onnx", inputs(metadata), "out_sample", sampling);
  }

  /** By the graph that the command line writes. */
  private static RuntimeCase loop(String network, Path file, ModelMetadata metadata)
      throws IOException {
    String name = network + "-loop.onnx";
    Path graph = file.resolveSibling(name);
    CommandRun.of("export", file, "--sampler", "ddim:" + STEPS, "--pixels", "float", "-o", graph)
        .succeeds();
    Map<String, Input> inputs = inputs(metadata);
    inputs.put("noise", inputs.remove("sample"));
    if (metadata.nullClass().isPresent()) {
      inputs.put("guidance", Input.ofFloats(new float[] {1})); // none, as in the loop outside
    }
    return new RuntimeCase(network, Kind.LOOP, name, inputs, "images", null);
  }

  /** Noise and classes. */
  private static Map<String, Input> inputs(ModelMetadata metadata) {
    ImageShape image = metadata.image().orElseThrow();
    SamplingRun run =
        SamplingRun.builder(RuntimeCase.IMAGES, image.channels(), image.height(), image.width())
            .seed(SEED)
            .build();
    run.startFromNoise(1);
    Map<String, Input> inputs = new LinkedHashMap<>();
    inputs.put(
        "sample",
        Input.ofFloats(
            run.x(), RuntimeCase.IMAGES, image.channels(), image.height(), image.width()));
    if (!metadata.classNames().isEmpty()) {
      inputs.put("class_labels", Input.ofLongs(0, metadata.classNames().size() - 1));
    }
    return inputs;
  }
}
