package io.ddpm4j.exporter.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.testing.NpyFile;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The reference U-Nets: every folder with a config.json. */
public final class GoldenUNets {
  private GoldenUNets() {}

  /** One reference network; {@link #config} is empty where our U-Net refuses it. */
  public record Case(Path folder, String json, Optional<UNetConfig> config, String refusal) {
    @Override
    public String toString() {
      return folder.getFileName().toString();
    }

    /** What the file holds, or where there is none {@link HashedWeights} of the stated shapes. */
    public Map<String, TensorData> weights() throws IOException {
      Path file = folder.resolve("diffusion_pytorch_model.safetensors");
      return Files.exists(file)
          ? Safetensors.read(file).tensors()
          : HashedWeights.of(json("info").getAsJsonObject("keys"));
    }

    public NpyFile npy(String name) throws IOException {
      return NpyFile.read(folder.resolve(name + ".npy"));
    }

    public JsonObject json(String name) throws IOException {
      return JsonParser.parseString(Files.readString(folder.resolve(name + ".json")))
          .getAsJsonObject();
    }

    public boolean has(String file) {
      return Files.exists(folder.resolve(file));
    }

    /** sample, timestep and, where there are any, class_labels. */
    public Map<String, TensorData> inputs() throws IOException {
      Map<String, TensorData> inputs = new LinkedHashMap<>();
      NpyFile sample = npy("sample");
      inputs.put("sample", TensorData.ofFloats(sample.floats(), sizes(sample)));
      inputs.put("timestep", tensor(npy("timestep")));
      if (has("class_labels.npy")) {
        inputs.put("class_labels", tensor(npy("class_labels")));
      }
      return inputs;
    }

    private static TensorData tensor(NpyFile file) {
      return file.type().equals("i8")
          ? TensorData.ofLongs(file.longs(), sizes(file))
          : TensorData.ofFloats(file.floats(), sizes(file));
    }
  }

  public static List<Case> all() throws IOException {
    return in(SharedData.path("golden/unets"));
  }

  /**
   * {@link #all}, if they are there, and those in the test resources {@code diffusers}: of kinds
   * that the reference data do not have, made by PyTorch from a network that was written from its
   * description, and that computes the reference networks' outputs.
   */
  public static List<Case> withStored() throws IOException {
    List<Case> cases = new ArrayList<>();
    if (SharedData.exists("golden/unets")) {
      cases.addAll(all());
    }
    cases.addAll(in(Path.of("..", "exporter", "src", "test", "resources", "diffusers")));
    return cases;
  }

  /** Every folder in there with a config.json. */
  public static List<Case> in(Path root) throws IOException {
    List<Case> cases = new ArrayList<>();
    try (Stream<Path> folders = Files.list(root)) {
      for (Path folder : folders.sorted().toList()) {
        Path file = folder.resolve("config.json");
        if (Files.exists(file)) {
          String json = Files.readString(file);
          try {
            cases.add(new Case(folder, json, Optional.of(UNetConfig.fromJson(json)), ""));
          } catch (IllegalArgumentException e) {
            cases.add(new Case(folder, json, Optional.empty(), e.getMessage()));
          }
        }
      }
    }
    return cases;
  }

  private static long[] sizes(NpyFile file) {
    return Arrays.stream(file.shape()).asLongStream().toArray();
  }
}
