package io.ddpm4j.trainer.evaluate.distance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.trainer.evaluate.features.Features;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two sets and their distances by NumPy and SciPy, {@code distances.json}: computed in float64 by
 * pairwise differences, {@code numpy.cov}, and the singular values of the centred sets' product.
 */
record ReferenceCase(String name, JsonObject fields) {

  static Stream<ReferenceCase> all() {
    try (InputStream in = ReferenceCase.class.getResourceAsStream("distances.json")) {
      JsonElement file = JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      List<ReferenceCase> cases = new ArrayList<>();
      for (JsonElement element : file.getAsJsonObject().getAsJsonArray("cases")) {
        JsonObject fields = element.getAsJsonObject();
        cases.add(new ReferenceCase(fields.get("name").getAsString(), fields));
      }
      return cases.stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Features features(String field) {
    JsonArray rows = fields.getAsJsonArray(field);
    int d = rows.get(0).getAsJsonArray().size();
    float[] values = new float[rows.size() * d];
    for (int i = 0; i < values.length; i++) {
      values[i] = rows.get(i / d).getAsJsonArray().get(i % d).getAsFloat();
    }
    return Features.of(values, rows.size(), d);
  }

  double number(String field) {
    return fields.get(field).getAsDouble();
  }

  double[] numbers(String field) {
    JsonArray array = fields.getAsJsonArray(field);
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).getAsDouble();
    }
    return numbers;
  }

  @Override
  public String toString() {
    return name;
  }
}
