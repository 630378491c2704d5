package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An output of a feature network, a row for each image: (N, D), or (N, D, 1, 1) and the like, or
 * features of several places to be averaged: maps (N, D, H, W) or (N, H, W, D), or the tokens of a
 * transformer, (N, L, D).
 *
 * @param file named in messages
 * @param name of the tensor
 * @param channelsLast whether the last of four axes holds the features, the others places; of three
 *     it always does
 * @param pooling whether features of several places are averaged
 */
record FeatureOutput(String file, String name, boolean channelsLast, boolean pooling) {
  /** What says of the classes. */
  static final String LOGITS = "logits";

  private static final String FEATURES = "features";

  /**
   * The output that holds the features: the one that is named, else {@code features}, else the only
   * one that can be it. {@code logits} are features only where there is nothing else.
   *
   * @throws ModelFormatException if there is none, or more than one
   */
  static String find(String file, Optional<String> named, List<TensorSpec> outputs)
      throws ModelFormatException {
    if (named.isPresent() && outputs.stream().noneMatch(o -> o.name().equals(named.get()))) {
      throw new ModelFormatException(
          "%s: features: expected one of the outputs %s, found the name \"%s\""
              .formatted(file, outputs, named.get()));
    }
    String wanted = named.orElse(FEATURES);
    for (TensorSpec spec : outputs) {
      if (spec.name().equals(wanted)) {
        if (!spec.isFloat()) {
          throw new ModelFormatException(
              "%s: output %s: expected floats of rank 2 to 4, found %s"
                  .formatted(file, wanted, spec));
        }
        return wanted;
      }
    }
    List<TensorSpec> possible = outputs.stream().filter(FeatureOutput::canBeFeatures).toList();
    List<TensorSpec> others = possible.stream().filter(o -> !o.name().equals(LOGITS)).toList();
    possible = others.isEmpty() ? possible : others;
    List<TensorSpec> ofRank2 = possible.stream().filter(o -> o.shape().size() == 2).toList();
    possible = ofRank2.isEmpty() ? possible : ofRank2;
    if (possible.size() != 1) {
      throw ModelFormatException.lacking(
          "output",
          "%s: expected one output that can be the features (floats of rank 2, or 3 or 4), found the outputs %s%s"
              .formatted(file, outputs, possible.isEmpty() ? "" : "; name it"));
    }
    return possible.get(0).name();
  }

  private static boolean canBeFeatures(TensorSpec spec) {
    int rank = spec.shape().size();
    return spec.isFloat() && (rank == 0 || rank >= 2 && rank <= 4); // 0: nothing is said
  }

  /**
   * The rows of a batch, (N, D).
   *
   * @param batch N
   * @throws ModelFormatException if it is of another shape
   */
  float[] rows(NumpyArray array, int batch) throws ModelFormatException {
    long[] shape = array.shape();
    boolean fits = shape.length >= 2 && shape.length <= 4 && shape[0] == batch;
    if (!fits || array.size() == 0) {
      throw new ModelFormatException(
          "%s: output %s: expected a row of features for each of %d images, found %s"
              .formatted(file, name, batch, array));
    }
    float[] values = array.toFloats();
    int elements = values.length / batch;
    boolean spread =
        shape.length > 2 && Arrays.stream(shape).skip(1).filter(e -> e > 1).count() > 1;
    boolean last = channelsLast || shape.length == 3;
    int features = (int) (last ? shape[shape.length - 1] : shape[1]);
    if (shape.length == 2 || !spread && (!pooling || shape.length == 3)) {
      return values;
    }
    if (!pooling) {
      throw ModelFormatException.lacking(
          "pooling",
          "%s: output %s: expected one place, such as (N, D, 1, 1), found features of %d places in %s; ask for their average"
              .formatted(file, name, elements / features, array));
    }
    return average(values, last, batch, features, elements / features);
  }

  private static float[] average(
      float[] values, boolean last, int batch, int features, int places) {
    float[] means = new float[batch * features];
    for (int n = 0; n < batch; n++) {
      for (int f = 0; f < features; f++) {
        double sum = 0;
        for (int place = 0; place < places; place++) {
          int at = last ? place * features + f : f * places + place;
          sum += values[n * features * places + at];
        }
        means[n * features + f] = (float) (sum / places);
      }
    }
    return means;
  }
}
