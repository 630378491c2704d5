package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it computes is held against PyTorch where it is trained. */
class ClassifierTest {
  private static final ClassifierConfig CONFIG =
      new ClassifierConfig(3, 9, 7, List.of(4, 8, 12), List.of(1, 0, 2), 4, 5);

  @Test
  void describesItselfAsJson() {
    assertEquals(CONFIG, ClassifierConfig.fromJson(CONFIG.toJson()));
    assertEquals(12, CONFIG.features());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "classes=1",
        "channels=0",
        "height=-1",
        "width=1.5",
        "groups=3",
        "widths=[]",
        "blocks=[1]",
        "blocks=[1,-1,1]",
        "widths=4",
        "classes=\"ten\""
      })
  void refusesWrongFields(String change) {
    String field = change.substring(0, change.indexOf('='));
    String value = change.substring(change.indexOf('=') + 1);
    String json =
        CONFIG
            .toJson()
            .replaceAll("\"" + field + "\":(\\[[^]]*]|[^,}]*)", "\"" + field + "\":" + value);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ClassifierConfig.fromJson(json));
    String named = field.equals("groups") ? "widths" : field; // that they do not divide
    assertTrue(e.getMessage().startsWith("classifier: " + named + ": expected"), e.getMessage());
  }

  @Test
  void oneImageIsNotToldOfTheOthers() {
    Map<String, TensorData> weights = Classifier.parameters(CONFIG).initialize(3);
    Graph graph = Classifier.portable(CONFIG, weights);
    assertTrue(graph.nodes().stream().allMatch(n -> n.schema().domain().isEmpty()));
    int image = 3 * 9 * 7;
    float[] two = new float[2 * image];
    for (int k = 0; k < two.length; k++) {
      two[k] = (float) Math.sin(k * k);
    }
    Map<String, TensorData> together =
        GraphRunner.run(graph, Map.of("images", TensorData.ofFloats(two, 2, 3, 9, 7)));
    float[] second = Arrays.copyOfRange(two, image, 2 * image);
    Map<String, TensorData> alone =
        GraphRunner.run(graph, Map.of("images", TensorData.ofFloats(second, 1, 3, 9, 7)));
    assertEquals(Shape.of(2, 5), together.get("logits").shape());
    assertEquals(Shape.of(2, 12), together.get("features").shape());
    for (String output : List.of("logits", "features")) {
      float[] all = together.get(output).floats();
      float[] one = alone.get(output).floats();
      for (int k = 0; k < one.length; k++) {
        assertEquals(all[one.length + k], one[k], 1e-6, output);
      }
    }
  }

  @Test
  void refusesOtherImages() {
    Graph graph = new Graph("other", OpSet.standard());
    Value images = graph.input("images", DataType.FLOAT, Shape.of(1, 3, 7, 9));
    ShapeException e =
        assertThrows(
            ShapeException.class,
            () -> Classifier.build(new Ops(graph), CONFIG, Parameters.asInputs(graph), images));
    assertTrue(e.getMessage().contains("(N, 3, 9, 7)"), e.getMessage());
  }
}
