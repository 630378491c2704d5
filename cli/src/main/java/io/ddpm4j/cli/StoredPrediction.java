package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.TensorSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a network computed elsewhere: an array for each input, such as {@code sample.npy}, and
 * {@code output_f64.npy} or {@code output.npy}.
 *
 * @param folder where they lie
 */
record StoredPrediction(Path folder) {
  private static final String SAMPLE = "sample.npy";
  private static final List<String> OUTPUTS = List.of("output_f64.npy", "output.npy");

  /** Refuses a folder without the files that every network has. */
  void requireFiles() throws IOException {
    if (!Files.isRegularFile(folder.resolve(SAMPLE)) || outputs().isEmpty()) {
      throw new FileNotFoundException(
          "--verify " + folder + ": expected sample.npy and output.npy in it, found not both");
    }
    requireInputs(List.of("timestep"));
  }

  /** Refuses a folder without the arrays of these inputs. */
  void requireInputs(List<String> names) throws IOException {
    for (String name : names) {
      Path array = array(name);
      if (!Files.isRegularFile(array)) {
        throw new FileNotFoundException(
            "--verify " + folder + ": expected " + array.getFileName() + " in it, found none");
      }
    }
  }

  /** All files of it that there are. */
  List<Path> files() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(".npy")).toList();
    }
  }

  private Path array(String input) {
    return folder.resolve(input + ".npy");
  }

  /** The file of the output, the more precise one of two. */
  Path output() {
    return outputs().get(0);
  }

  private List<Path> outputs() {
    return OUTPUTS.stream().map(folder::resolve).filter(Files::isRegularFile).toList();
  }

  /**
   * What a model computes of the stored inputs, in as many runs as its number of images takes.
   * Float16 inputs are given the nearest numbers.
   *
   * @throws IOException if an input is missing, or the model computes numbers that are not finite
   */
  NumpyArray predictedBy(OnnxModel model) throws IOException {
    Map<TensorSpec, NumpyArray> stored = new LinkedHashMap<>();
    for (TensorSpec spec : model.inputs()) {
      NumpyArray array = read(spec);
      stored.put(spec, spec.type().equals("float16") ? array.rounded(NumpyType.FLOAT16) : array);
    }
    int images = Math.toIntExact(NumpyArray.read(folder.resolve(SAMPLE)).shape()[0]);
    int batch = batch(model, images);
    List<NumpyArray> parts = new ArrayList<>();
    for (int from = 0; from < images; from += batch) {
      NumpyArray part = ModelTrial.finite(model, batch(stored, from, batch));
      parts.add(batch == images ? part : Rows.of(part, 0, Math.min(batch, images - from)));
    }
    return Rows.joined(parts);
  }

  private NumpyArray read(TensorSpec spec) throws IOException {
    requireInputs(List.of(spec.name()));
    return NumpyArray.read(array(spec.name()));
  }

  /** Images of a run: as many as the model fixes for its images, else all. */
  private static int batch(OnnxModel model, int images) {
    return model.inputs().stream()
        .filter(spec -> spec.shape().size() == 4 && spec.shape().get(0) > 0)
        .findFirst()
        .map(spec -> Math.toIntExact(spec.shape().get(0)))
        .orElse(images);
  }

  private static Map<String, NumpyArray> batch(
      Map<TensorSpec, NumpyArray> stored, int from, int batch) {
    Map<String, NumpyArray> inputs = new LinkedHashMap<>();
    stored.forEach(
        (spec, array) -> {
          boolean perImage = !spec.shape().isEmpty() && spec.shape().get(0) == batch;
          inputs.put(spec.name(), perImage ? Rows.of(array, from, batch) : array);
        });
    return inputs;
  }
}
