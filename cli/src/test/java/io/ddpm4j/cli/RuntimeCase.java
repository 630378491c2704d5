package io.ddpm4j.cli;

import com.google.gson.JsonElement;
import io.ddpm4j.runtime.sampling.LinearStep;
import java.util.List;
import java.util.Map;

/**
 * Something that every runtime is to do with the same result. In JSON it has the names that it has
 * here.
 *
 * @param network the shipped model's name
 * @param kind what is done
 * @param model the name of the file with the graph
 * @param inputs of the graph, by name; without the timestep where the network is sampled from
 * @param output its name
 * @param sampling the loop around the network; null where the graph is run once
 */
record RuntimeCase(
    String network,
    Kind kind,
    String model,
    Map<String, Input> inputs,
    String output,
    Sampling sampling) {

  /** How many images the inputs are for. */
  static final int IMAGES = 2;

  /**
   * What is done, and by how much results may differ. A prediction, whose standard deviation is
   * about 1, is a sum of thousands of products, which every runtime adds up in another order: the
   * 6e-8 that float32 rounds by become some 1e-6 through the layers, and the bound leaves room for
   * other processors. Steps of sampling pass the differences of earlier ones on.
   */
  enum Kind {
    /** One call of the network. */
    EVALUATION("one evaluation", 2e-5),
    /** DDIM, by a program around the network. */
    SAMPLING("ten steps of DDIM", 2e-4),
    /** The same in one graph, from the same noise. */
    LOOP("the same as one graph", 2e-4);

    final String label;
    final double bound;

    Kind(String label, double bound) {
      this.label = label;
      this.bound = bound;
    }
  }

  /**
   * A tensor.
   *
   * @param type by NumPy's name, {@code float32} or {@code int64}
   */
  record Input(String type, long[] shape, double[] values) {
    static Input ofFloats(float[] values, long... shape) {
      double[] wide = new double[values.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = values[i];
      }
      return new Input("float32", shape, wide);
    }

    static Input ofLongs(double... values) {
      return new Input("int64", new long[] {values.length}, values);
    }

    float[] floats() {
      float[] narrow = new float[values.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (float) values[i];
      }
      return narrow;
    }

    long[] longs() {
      long[] whole = new long[values.length];
      for (int i = 0; i < whole.length; i++) {
        whole[i] = (long) values[i];
      }
      return whole;
    }
  }

  /**
   * A deterministic method.
   *
   * @param scheduler its configuration, in diffusers' fields
   * @param steps how many
   * @param clip the range of the predicted x_0
   * @param table what it comes to
   */
  record Sampling(JsonElement scheduler, int steps, double[] clip, List<LinearStep> table) {}

  @Override
  public String toString() {
    return network + ", " + kind.label;
  }
}
