package io.ddpm4j.exporter.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Parameters;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * Weights that need no file: element i of tensor n is a hash of both in [-1, 1), so that another
 * program can make the same. Matrices and kernels are scaled to keep the variance, the scales of
 * norms are about 1.
 */
public final class HashedWeights {
  private HashedWeights() {}

  /**
   * The tensors.
   *
   * @param shapes by name, in the order in which they are numbered
   */
  public static Map<String, TensorData> of(JsonObject shapes) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> entry : shapes.entrySet()) {
      long[] sizes =
          StreamSupport.stream(entry.getValue().getAsJsonArray().spliterator(), false)
              .mapToLong(JsonElement::getAsLong)
              .toArray();
      tensors.put(entry.getKey(), tensor(tensors.size(), entry.getKey(), sizes));
    }
    return tensors;
  }

  /**
   * The parameters of a network, numbered as their names sort: who calls one by another name gets
   * others.
   */
  public static Map<String, TensorData> of(Parameters parameters) {
    Map<String, TensorData> tensors = new TreeMap<>();
    for (String name : new TreeSet<>(parameters.specs().keySet())) {
      long[] sizes = parameters.specs().get(name).shape().sizes();
      tensors.put(name, tensor(tensors.size(), name, sizes));
    }
    return tensors;
  }

  private static TensorData tensor(int number, String name, long[] sizes) {
    long count = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    boolean vector = sizes.length == 1;
    boolean scale = vector && name.endsWith("weight");
    double bound = scale ? 0.3 : vector ? 0.2 : Math.sqrt(3.0 / (count / sizes[0]));
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((scale ? 1 : 0) + bound * hash(number, i));
    }
    return TensorData.ofFloats(values, sizes);
  }

  private static double hash(int number, int index) {
    int x = index * (int) 2654435761L + number * 40503 + 12345;
    for (int round = 0; round < 2; round++) {
      x = (x ^ x >>> 16) * 0x45d9f3b;
    }
    x ^= x >>> 16;
    return (x & 0xffffffffL) * 0x1p-32 * 2 - 1;
  }
}
