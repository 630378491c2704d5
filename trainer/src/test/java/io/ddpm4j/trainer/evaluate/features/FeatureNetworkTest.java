package io.ddpm4j.trainer.evaluate.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.ModelParts;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks whose features are what they were given, and what is made of other layouts. */
class FeatureNetworkTest {
  private static final Work WORK = Work.quiet();
  private static final Shape RGB = Shape.named("batch", 3, 8, 8);

  private final ImageDataset data = new ShapesDataset(21, 8, 1); // 3 x 8 x 8

  private byte[] image(int index) {
    byte[] image = new byte[data.imageBytes()];
    data.read(index, image, 0);
    return image;
  }

  private static Features features(byte[] model, FeatureOptions options, ImageDataset images)
      throws IOException {
    try (FeatureNetwork network = Networks.open(model, options)) {
      return network.extract(images, WORK).features();
    }
  }

  private void assertLevels(Features found, double low, double high, double tolerance) {
    for (int i = 0; i < data.size(); i++) {
      byte[] image = image(i);
      for (int e = 0; e < image.length; e++) {
        assertEquals(low + (high - low) * (image[e] & 0xFF) / 255, found.at(i, e), tolerance);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "-1, 1", "0, 255", "-3, 2"})
  void imagesComeInTheirRangeAndOrder(double low, double high) throws IOException {
    byte[] model = Networks.model(RGB, Networks::flatten);
    FeatureOptions options = FeatureOptions.defaults().withScale(PixelScale.range(low, high));
    Features found = features(model, options, data);
    assertEquals(data.size(), found.count());
    assertEquals(192, found.dimensions());
    assertLevels(found, low, high, 1e-5);
  }

  @Test
  void meansAndDeviationsBelongToTheirChannels() throws IOException {
    byte[] model = Networks.model(RGB, Networks::flatten);
    Features found =
        features(model, FeatureOptions.defaults().withScale(PixelScale.parse("imagenet")), data);
    double[] means = {0.485, 0.456, 0.406};
    double[] deviations = {0.229, 0.224, 0.225};
    byte[] image = image(4);
    for (int e = 0; e < image.length; e++) {
      double expected = ((image[e] & 0xFF) / 255.0 - means[e / 64]) / deviations[e / 64];
      assertEquals(expected, found.at(4, e), 1e-5);
    }
  }

  @Test
  void theFileSaysItsRange() throws IOException {
    Map<String, double[]> texts =
        Map.of(
            "{\"value_range\": [0, 2]}", new double[] {0, 2},
            "{\"channels\": 3}", new double[] {-1, 1},
            "{\"mean\": [0.5], \"std\": [0.25]}", new double[] {-2, 2},
            "{\"mean\": [0.5, 0.5, 0.5], \"std\": [1, 1, 1]}", new double[] {-0.5, 0.5});
    for (Map.Entry<String, double[]> text : texts.entrySet()) {
      byte[] model =
          Networks.model(
              DataType.FLOAT, RGB, Map.of("ddpm4j.image", text.getKey()), Networks::flatten);
      double[] range = text.getValue();
      assertLevels(features(model, FeatureOptions.defaults(), data), range[0], range[1], 1e-5);
      assertLevels(features(model, Networks.LEVELS, data), 0, 255, 1e-4); // an option overrules
    }
    for (String wrong : List.of("[1]", "{\"mean\": [1]}", "{\"value_range\": [1, 1]}", "{")) {
      byte[] model =
          Networks.model(DataType.FLOAT, RGB, Map.of("ddpm4j.image", wrong), Networks::flatten);
      assertTrue(refusal(model, FeatureOptions.defaults()).contains("ddpm4j.image: expected"));
    }
    byte[] silent = Networks.model(RGB, Networks::flatten);
    assertTrue(refusal(silent, FeatureOptions.defaults()).contains("found neither"));
  }

  private static String refusal(byte[] model, FeatureOptions options) {
    String message =
        assertThrows(ModelFormatException.class, () -> Networks.open(model, options)).getMessage();
    assertTrue(message.startsWith("net.onnx"), message);
    return message;
  }

  /** The features of an image do not depend on the images beside it: not by a bit. */
  @ParameterizedTest
  @CsvSource({"1", "4", "21", "64"})
  void aSliceHasTheFeaturesOfTheWhole(int count) throws IOException {
    byte[] model = Networks.model(RGB, FeatureNetworkTest::mix);
    try (FeatureNetwork network = Networks.open(model, Networks.LEVELS.withBatchSize(5))) {
      Features whole = network.extract(data, WORK).features();
      List<Features> parts = new ArrayList<>();
      for (int from = 0; from < data.size(); from += count) {
        int rows = Math.min(count, data.size() - from);
        parts.add(network.extract(data, from, rows, WORK).features());
      }
      Features joined = Features.join(parts);
      for (int i = 0; i < data.size(); i++) {
        assertArrayEquals(whole.row(i), joined.row(i));
      }
    }
  }

  @Test
  void batchesOfAnotherSizeDifferByRoundingOnly() throws IOException {
    byte[] model = Networks.model(RGB, FeatureNetworkTest::mix);
    Features one = features(model, Networks.LEVELS.withBatchSize(1), data);
    Features many = features(model, Networks.LEVELS.withBatchSize(16), data);
    byte[] fixed = Networks.model(Shape.of(4, 3, 8, 8), FeatureNetworkTest::mix);
    Features four = features(fixed, Networks.LEVELS, data);
    for (int i = 0; i < data.size(); i++) {
      assertArrayEquals(one.row(i), many.row(i), 1e-3f);
      assertArrayEquals(one.row(i), four.row(i), 1e-3f);
    }
  }

  /** A product with numbers of its own. */
  private static void mix(Ops ops, Value images) {
    float[] weights = new float[192 * 10];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Math.sin(i);
    }
    Value matrix = ops.constant(TensorData.ofFloats(weights, 192, 10));
    ops.graph().output("features", ops.matMul(ops.reshape(images, 0, -1), matrix));
  }

  /**
   * Channels last, fixed to 299 pixels a side and three channels, and a channel's mean as feature.
   */
  @ParameterizedTest
  @EnumSource(ResizeFilter.class)
  void aNetworkOfItsOwnSizeAndLayoutIsGivenIt(ResizeFilter filter) throws IOException {
    BiConsumer<Ops, Value> last =
        (ops, images) -> ops.graph().output("features", ops.reduceMean(images, true, 1, 2));
    BiConsumer<Ops, Value> first =
        (ops, images) -> ops.graph().output("features", ops.reduceMean(images, true, 2, 3));
    FeatureOptions options = Networks.LEVELS.withFilter(filter);
    Features nhwc = features(Networks.model(Shape.named("n", 299, 299, 3), last), options, data);
    Features nchw = features(Networks.model(Shape.named("n", 3, 299, 299), first), options, data);
    for (int i = 0; i < data.size(); i++) {
      byte[] image = image(i);
      for (int c = 0; c < 3; c++) {
        double mean = 0;
        for (int p = 0; p < 64; p++) {
          mean += (image[64 * c + p] & 0xFF) / 64.0;
        }
        assertEquals(mean, nchw.at(i, c), 3); // edges weigh a little differently
        assertEquals(nchw.at(i, c), nhwc.at(i, c), 1e-2);
      }
    }
  }

  @Test
  void resizedPixelsAreTheResizers() throws IOException {
    byte[] model = Networks.model(Shape.named("n", 5, 11, 3), Networks::flatten);
    Features found = features(model, Networks.LEVELS, data);
    byte[] image = image(2);
    for (int c = 0; c < 3; c++) {
      float[] plane = new float[64];
      for (int p = 0; p < 64; p++) {
        plane[p] = image[64 * c + p] & 0xFF;
      }
      float[] resized = new float[55];
      new PlaneResizer(ResizeFilter.BICUBIC, 8, 8, 5, 11).resize(plane, resized);
      for (int p = 0; p < 55; p++) {
        float clipped = Math.max(0, Math.min(255, resized[p]));
        assertEquals(clipped, found.at(2, 3 * p + c), 1e-4);
      }
    }
  }

  @Test
  void aNetworkOfOpenSizeTakesImagesAsTheyAreOrAsAsked() throws IOException {
    Shape open = new Shape(List.of(Dim.named("n"), Dim.of(3), Dim.named("h"), Dim.named("w")));
    byte[] model = Networks.model(open, Networks::flatten);
    assertLevels(features(model, Networks.LEVELS, data), 0, 255, 1e-4);
    assertEquals(3 * 12 * 12, features(model, Networks.LEVELS.withSize(12), data).dimensions());
    byte[] fixed = Networks.model(RGB, Networks::flatten);
    assertThrows(
        IllegalArgumentException.class, () -> Networks.open(fixed, Networks.LEVELS.withSize(12)));
  }

  @Test
  void greyAndColourBecomeEachOther() throws IOException {
    byte[] grey = new byte[2 * 4];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = (byte) (31 * i);
    }
    ImageBatch images = ImageBatch.ofBytes(grey, 2, 1, 2, 2);
    byte[] colour = Networks.model(Shape.named("n", 3, 2, 2), Networks::flatten);
    byte[] back = Networks.model(Shape.named("n", 1, 8, 8), Networks::flatten);
    try (FeatureNetwork network = Networks.open(colour, Networks.LEVELS)) {
      Features found = network.extract(images, WORK).features();
      for (int e = 0; e < 12; e++) {
        assertEquals(grey[4 + e % 4] & 0xFF, found.at(1, e), 1e-4);
      }
    }
    Features luma = features(back, Networks.LEVELS, data);
    byte[] image = image(3);
    for (int p = 0; p < 64; p++) {
      double expected =
          0.299 * (image[p] & 0xFF)
              + 0.587 * (image[64 + p] & 0xFF)
              + 0.114 * (image[128 + p] & 0xFF);
      assertEquals(expected, luma.at(3, p), 0.501);
      assertEquals(Math.rint(luma.at(3, p)), luma.at(3, p), 1e-4); // a level
    }
  }

  /** What is in memory counts as its PNG file does. */
  @Test
  void generatedImagesAreRoundedToLevels() throws IOException {
    byte[] model = Networks.model(Shape.named("n", 1, 1, 2), Networks::flatten);
    ImageBatch images =
        ImageBatch.of(new float[] {0.5004f, 7, -3, 0.25f}, new ValueRange(0, 1), 2, 1, 1, 2);
    try (FeatureNetwork network = Networks.open(model, Networks.LEVELS)) {
      Features found = network.extract(images, WORK).features();
      assertArrayEquals(new float[] {128, 255}, found.row(0), 1e-4f);
      assertArrayEquals(new float[] {0, 64}, found.row(1), 1e-4f);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "DOUBLE", "UINT8"})
  void otherTypesOfNumbersGoInAndComeOut(DataType type) throws IOException {
    boolean bytes = type == DataType.UINT8;
    byte[] model =
        Networks.model(
            type,
            RGB,
            Map.of(),
            (ops, images) ->
                Networks.flatten(ops, bytes ? ops.cast(images, DataType.FLOAT16) : images));
    FeatureOptions options = bytes ? FeatureOptions.defaults() : Networks.LEVELS;
    assertLevels(features(model, options, data), 0, 255, 1e-6); // all hold 8 bits
    if (bytes) {
      FeatureOptions other = FeatureOptions.defaults().withScale(PixelScale.UNIT);
      assertTrue(refusal(model, other).contains("0,255 for uint8"));
    }
  }

  @Test
  void featuresOfPlacesAreAveragedWhereThatIsAskedFor() throws IOException {
    byte[] model =
        Networks.model(
            RGB, (ops, images) -> ops.graph().output("maps", ops.averagePool(images, 4)));
    try (FeatureNetwork network = Networks.open(model, Networks.LEVELS)) {
      String message =
          assertThrows(ModelFormatException.class, () -> network.extract(data, WORK)).getMessage();
      assertTrue(message.contains("features of 4 places"), message);
    }
    Features pooled = features(model, Networks.LEVELS.withPooling(), data);
    byte[] last =
        Networks.model(
            Shape.named("n", 8, 8, 3),
            (ops, images) -> ops.graph().output("maps", ops.mul(images, 1)));
    Features pooledLast = features(last, Networks.LEVELS.withPooling(), data);
    for (int i = 0; i < data.size(); i++) {
      byte[] image = image(i);
      for (int c = 0; c < 3; c++) {
        double mean = 0;
        for (int p = 0; p < 64; p++) {
          mean += (image[64 * c + p] & 0xFF) / 64.0;
        }
        assertEquals(mean, pooled.at(i, c), 1e-3);
        assertEquals(mean, pooledLast.at(i, c), 1e-3);
      }
    }
  }

  /** As of ViT and DINOv2: (N, tokens, D), whatever the layout of the images. */
  @Test
  void theFeaturesOfTokensAreTheLastOfThreeAxes() throws IOException {
    BiConsumer<Ops, Value> tokens =
        (ops, images) ->
            ops.graph().output("tokens", ops.transpose(ops.reshape(images, 0, 3, 64), 0, 2, 1));
    byte[] first = Networks.model(RGB, tokens);
    byte[] last =
        Networks.model(
            Shape.named("n", 8, 8, 3),
            (ops, images) -> ops.graph().output("tokens", ops.reshape(images, 0, 64, 3)));
    try (FeatureNetwork network = Networks.open(first, Networks.LEVELS)) {
      String message =
          assertThrows(ModelFormatException.class, () -> network.extract(data, WORK)).getMessage();
      assertTrue(message.contains("features of 64 places"), message);
    }
    for (byte[] model : List.of(first, last)) {
      Features pooled = features(model, Networks.LEVELS.withPooling(), data);
      assertEquals(3, pooled.dimensions());
      for (int i = 0; i < data.size(); i++) {
        byte[] image = image(i);
        for (int c = 0; c < 3; c++) {
          double mean = 0;
          for (int p = 0; p < 64; p++) {
            mean += (image[64 * c + p] & 0xFF) / 64.0;
          }
          assertEquals(mean, pooled.at(i, c), 1e-3);
        }
      }
    }
    for (long[] one : new long[][] {{0, 1, 192}, {0, 192, 1}}) { // a token, or a row as a column
      byte[] model =
          Networks.model(
              RGB, (ops, images) -> ops.graph().output("token", ops.reshape(images, one)));
      assertLevels(features(model, Networks.LEVELS, data), 0, 255, 1e-4);
      assertLevels(features(model, Networks.LEVELS.withPooling(), data), 0, 255, 1e-4);
    }
  }

  @Test
  void logitsComeBesideTheFeatures() throws IOException {
    byte[] model =
        Networks.model(
            DataType.FLOAT,
            RGB,
            Map.of("ddpm4j.image", "{}", "ddpm4j.classes", "[\"a\", \"b\", \"c\"]"),
            (ops, images) -> {
              Networks.flatten(ops, images);
              ops.graph().output("logits", ops.reduceMean(images, false, 2, 3));
            });
    try (FeatureNetwork network = Networks.open(model, FeatureOptions.defaults())) {
      assertTrue(network.hasLogits());
      assertEquals(List.of("a", "b", "c"), network.classNames());
      NetworkOutput output = network.extract(data, WORK);
      assertEquals(3, output.logits().orElseThrow().dimensions());
      assertEquals(192, output.features().dimensions());
    }
    FeatureOptions logits = FeatureOptions.defaults().withOutput("logits");
    try (FeatureNetwork network = Networks.open(model, logits)) {
      assertFalse(network.hasLogits());
      assertEquals(3, network.extract(data, WORK).features().dimensions());
    }
  }

  @Test
  void theOutputIsFoundOrNamed() throws IOException {
    byte[] two =
        Networks.model(
            RGB,
            (ops, images) -> {
              ops.graph().output("a", ops.reduceMean(images, false, 2, 3));
              ops.graph().output("b", ops.reduceMax(images, false, 2, 3));
            });
    assertTrue(refusal(two, Networks.LEVELS).contains("name it"));
    assertEquals(3, features(two, Networks.LEVELS.withOutput("b"), data).dimensions());
    assertTrue(refusal(two, Networks.LEVELS.withOutput("c")).contains("found the name \"c\""));
    byte[] one =
        Networks.model(
            RGB,
            (ops, images) -> {
              ops.graph().output("maps", ops.mul(images, 2));
              ops.graph().output("vector", ops.reduceMean(images, false, 2, 3));
            });
    assertEquals(3, features(one, Networks.LEVELS, data).dimensions());
  }

  private static byte[] logitsBeside(BiConsumer<Ops, Value> others) throws IOException {
    return Networks.model(
        RGB,
        (ops, images) -> {
          others.accept(ops, images);
          ops.graph().output("logits", ops.slice(ops.reshape(images, 0, -1), 1, 0, 5));
        });
  }

  /** As of Inception with its output (N, 2048, 1, 1) beside the classes: rank 2 does not decide. */
  @Test
  void logitsAreNotTakenForTheFeaturesOfAnotherRank() throws IOException {
    byte[] pool =
        logitsBeside(
            (ops, images) -> ops.graph().output("pool3", ops.reduceMean(images, true, 2, 3)));
    try (FeatureNetwork network = Networks.open(pool, Networks.LEVELS)) {
      NetworkOutput output = network.extract(data, WORK);
      assertTrue(network.hasLogits());
      assertEquals(5, output.logits().orElseThrow().dimensions());
      assertEquals(3, output.features().dimensions());
      for (int i = 0; i < data.size(); i++) {
        byte[] image = image(i);
        for (int c = 0; c < 3; c++) {
          double mean = 0;
          for (int p = 0; p < 64; p++) {
            mean += (image[64 * c + p] & 0xFF) / 64.0;
          }
          assertEquals(mean, output.features().at(i, c), 1e-3);
          assertEquals(image[c] & 0xFF, output.logits().orElseThrow().at(i, c));
        }
      }
    }
    byte[] vector =
        logitsBeside(
            (ops, images) -> ops.graph().output("pool", ops.reduceMean(images, false, 2, 3)));
    assertEquals(3, features(vector, Networks.LEVELS, data).dimensions());
    byte[] places =
        logitsBeside((ops, images) -> ops.graph().output("maps", ops.averagePool(images, 4)));
    assertEquals(3, features(places, Networks.LEVELS.withPooling(), data).dimensions());
    byte[] several =
        logitsBeside(
            (ops, images) -> {
              ops.graph().output("pool3", ops.reduceMean(images, true, 2, 3));
              ops.graph().output("maps", ops.averagePool(images, 4));
            });
    assertTrue(refusal(several, Networks.LEVELS).contains("name it"));
  }

  @Test
  void logitsAreTheFeaturesWhereNothingElseCanBe() throws IOException {
    byte[] alone = logitsBeside((ops, images) -> {});
    byte[] label =
        logitsBeside(
            (ops, images) ->
                ops.graph()
                    .output(
                        "label", ops.cast(ops.reduceMax(images, false, 1, 2, 3), DataType.INT64)));
    for (byte[] model : List.of(alone, label)) {
      try (FeatureNetwork network = Networks.open(model, Networks.LEVELS)) {
        assertFalse(network.hasLogits());
        NetworkOutput output = network.extract(data, WORK);
        assertTrue(output.logits().isEmpty());
        assertEquals(5, output.features().dimensions());
        assertEquals(image(2)[4] & 0xFF, output.features().at(2, 4));
      }
    }
  }

  @Test
  void whatIsNoFeatureNetworkIsRefused() throws IOException {
    byte[] channels = Networks.model(Shape.named("n", 4, 8, 8), Networks::flatten);
    assertTrue(refusal(channels, Networks.LEVELS).contains("1 or 3 channels"));
    byte[] rank = Networks.model(Shape.named("n", 3, 8), Networks::flatten);
    assertTrue(refusal(rank, Networks.LEVELS).contains("is no feature network"));
    Graph graph = new Graph("two", OpSet.standard());
    Ops ops = new Ops(graph);
    Value first = graph.input("x", DataType.FLOAT, RGB);
    Value second = graph.input("t", DataType.FLOAT, RGB);
    graph.output("features", ops.reshape(ops.add(first, second), 0, -1));
    byte[] inputs = OnnxWriter.toBytes(OnnxModel.of(graph));
    assertTrue(refusal(inputs, Networks.LEVELS).contains("one input of rank 4"));
    byte[] grey = Networks.model(Shape.named("n", 1, 8, 8), Networks::flatten);
    FeatureOptions three = FeatureOptions.defaults().withScale(PixelScale.IMAGENET);
    assertTrue(refusal(grey, three).contains("expected one for 1 channels"));
    byte[] infinite =
        Networks.model(
            RGB,
            (o, images) -> o.graph().output("features", o.reshape(o.log(o.mul(images, 0)), 0, -1)));
    try (FeatureNetwork network = Networks.open(infinite, Networks.LEVELS)) {
      String message =
          assertThrows(IllegalStateException.class, () -> network.extract(data, WORK)).getMessage();
      assertTrue(message.contains("expected finite numbers, found -Infinity"), message);
    }
    for (String wrong : List.of("1,0", "1", "a,b", "nothing", "0,1,2")) {
      assertThrows(IllegalArgumentException.class, () -> PixelScale.parse(wrong));
    }
  }

  @Test
  void theIdentityIsThatOfFileAndChoices(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("a.onnx");
    Files.write(file, Networks.model(RGB, Networks::flatten));
    String first = identity(file, Networks.LEVELS);
    assertEquals(first, identity(file, Networks.LEVELS));
    assertNotEquals(first, identity(file, Networks.LEVELS.withScale(PixelScale.UNIT)));
    assertNotEquals(first, identity(file, Networks.LEVELS.withFilter(ResizeFilter.BILINEAR)));
    Files.write(file, Networks.model(RGB, FeatureNetworkTest::mix));
    assertNotEquals(first, identity(file, Networks.LEVELS));
  }

  @Test
  void filesBesideThatHoldDataAreOfTheIdentity(@TempDir Path folder) throws IOException {
    Path whole = folder.resolve("whole.onnx");
    Files.write(whole, Networks.model(RGB, FeatureNetworkTest::mix));
    Path file = Files.createDirectory(folder.resolve("parts")).resolve("a.onnx");
    OnnxWriter.write(
        OnnxReader.read(whole).toModel(),
        file,
        OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    String first = identity(file, Networks.LEVELS);
    assertEquals(first, identity(file, Networks.LEVELS));
    List<Path> parts = ModelParts.of(file);
    assertEquals(2, parts.size(), parts.toString());
    byte[] bytes = Files.readAllBytes(parts.get(1));
    bytes[0] ^= 1; // the lowest bit of a number
    Files.write(parts.get(1), bytes);
    assertNotEquals(first, identity(file, Networks.LEVELS));
    Files.delete(parts.get(1));
    assertEquals(List.of(file), ModelParts.of(file));
  }

  private static String identity(Path file, FeatureOptions options) throws IOException {
    try (FeatureNetwork network = FeatureNetwork.open(file, options, Networks.ONE)) {
      return network.identity().orElseThrow();
    }
  }

  @Test
  void itCanBeStoppedAndTellsHowFarItIs() throws IOException {
    byte[] model = Networks.model(RGB, Networks::flatten);
    Cancellation cancellation = new Cancellation();
    List<String> told = new ArrayList<>();
    WorkProgress progress =
        (stage, done, total) -> {
          told.add(stage + " " + done + "/" + total);
          if (done == 10) {
            cancellation.cancel();
          }
        };
    try (FeatureNetwork network = Networks.open(model, Networks.LEVELS.withBatchSize(5))) {
      assertThrows(
          CancellationException.class,
          () -> network.extract(data, new Work(1, cancellation, progress)));
    }
    assertEquals(List.of("features 5/21", "features 10/21"), told);
    FeatureNetwork closed = Networks.open(model, Networks.LEVELS);
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.extract(data, WORK));
  }
}
