package io.ddpm4j.exporter.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.convert.CheckpointFile;
import io.ddpm4j.exporter.convert.TensorSource;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.testing.NpyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Checkpoints of other code bases with what their networks compute: folders that hold {@code
 * info.json} with the constructor's arguments.
 */
public final class ForeignNetworks {
  private ForeignNetworks() {}

  /** One checkpoint. */
  public record Case(Path folder, JsonObject info) {
    @Override
    public String toString() {
      return folder.getFileName().toString();
    }

    /** The constructor's arguments. */
    public JsonObject arguments() {
      return info.getAsJsonObject("args").deepCopy();
    }

    /** The checkpoint, or where there is no file {@link HashedWeights} of the stated shapes. */
    public TensorSource tensors() throws IOException {
      for (String name : List.of("model.pt", "model.safetensors")) {
        if (Files.exists(folder.resolve(name))) {
          try (CheckpointFile file = CheckpointFile.open(folder.resolve(name))) {
            Map<String, TensorData> tensors = new LinkedHashMap<>();
            for (String tensor : file.names()) {
              tensors.put(tensor, file.data(tensor));
            }
            return TensorSource.of(tensors);
          }
        }
      }
      return TensorSource.of(HashedWeights.of(info.getAsJsonObject("keys")));
    }

    public NpyFile npy(String name) {
      return NpyFile.read(folder.resolve(name + ".npy"));
    }

    /** sample, timestep and, where there are any, class_labels. */
    public Map<String, TensorData> inputs() {
      Map<String, TensorData> inputs = new LinkedHashMap<>();
      for (String name : List.of("sample", "timestep", "class_labels")) {
        if (Files.exists(folder.resolve(name + ".npy"))) {
          NpyFile file = npy(name);
          long[] sizes = Arrays.stream(file.shape()).asLongStream().toArray();
          inputs.put(
              name,
              file.type().equals("i8")
                  ? TensorData.ofLongs(file.longs(), sizes)
                  : TensorData.ofFloats(file.floats(), sizes));
        }
      }
      return inputs;
    }

    /** What the network computes: in double precision where that is known. */
    public double[] output() {
      boolean precise = Files.exists(folder.resolve("output_f64.npy"));
      return npy(precise ? "output_f64" : "output").values();
    }

    /** The largest difference that single precision makes to the output. */
    public double rounding() {
      JsonElement stated = info.get("f32_vs_f64_max_abs");
      return stated == null ? 9e-7 : stated.getAsDouble();
    }
  }

  /** Every folder in there that holds arguments. */
  public static List<Case> in(Path folder) throws IOException {
    try (Stream<Path> folders = Files.list(folder)) {
      return folders
          .sorted()
          .filter(path -> Files.exists(path.resolve("info.json")))
          .map(ForeignNetworks::read)
          .filter(c -> c.info().has("args"))
          .toList();
    }
  }

  private static Case read(Path folder) {
    try {
      String json = Files.readString(folder.resolve("info.json"));
      return new Case(folder, JsonParser.parseString(json).getAsJsonObject());
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
