package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.ddpm4j.runtime.TestModels;
import io.ddpm4j.runtime.TestPipes;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.testing.SharedData;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxEpsilonModelTest {
  private static final SessionSettings ONE_THREAD = new SessionSettings(Device.cpu(), 1);

  @TempDir Path folder;

  static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @TestFactory
  Stream<DynamicTest> everyThirdPartyModelGivesItsStoredOutput() throws IOException {
    Path onnx = SharedData.path("golden/unets/onnx");
    try (Stream<Path> files = Files.list(onnx)) {
      List<Path> models = files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
      assertFalse(models.isEmpty());
      return models.stream()
          .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> compare(file)));
    }
  }

  /** The arrays of mnist_like_opset14.onnx are mnist_like_sample.npy and so on. */
  private static void compare(Path file) throws IOException {
    String stem = file.getFileName().toString().replaceFirst("_opset\\d+\\.onnx$", "");
    NumpyArray sample = NumpyArray.read(file.resolveSibling(stem + "_sample.npy"));
    long[] timesteps = NumpyArray.read(file.resolveSibling(stem + "_timestep.npy")).toLongs();
    float[] expected = NumpyArray.read(file.resolveSibling(stem + "_output.npy")).toFloats();
    int elements = sample.size() / timesteps.length;
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(file, ONE_THREAD)) {
      FloatBuffer x = direct(elements);
      FloatBuffer output = direct(elements);
      long[] shape = {1, sample.shape()[1], sample.shape()[2], sample.shape()[3]};
      try (BoundModel bound = model.bind(x, output, shape)) {
        for (int image = 0; image < timesteps.length; image++) {
          x.put(0, sample.toFloats(), image * elements, elements);
          bound.predict(x, 1, timesteps[image], output);
          for (int i = 0; i < elements; i++) {
            assertEquals(expected[image * elements + i], output.get(i), 2e-5);
          }
        }
        assertTrue(bound.sessionNanos() > 0);
      }
    }
  }

  /** The model, and the precision of its numbers: 2^-bits of the largest, 24. */
  @ParameterizedTest
  @CsvSource({
    "unconditional, 23",
    "fixed_batch, 23",
    "fixed_timestep, 23",
    "open_size, 23",
    "open_all, 23",
    "scalar_int64, 23",
    "one_int64, 23",
    "scalar_float, 23",
    "vector_int32, 23",
    "matrix_double, 23",
    "learned, 23",
    "open_learned, 23",
    "no_output_shape, 23",
    "no_output_shape_learned, 23",
    "two_outputs, 23",
    "double_image, 23",
    "half, 9",
    "half_timestep, 9",
    "half_in, 10",
    "half_out, 10",
    "bfloat16, 7"
  })
  void rolesAreFoundWhateverTheNamesTypesAndRanks(String name, int bits) throws IOException {
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path(name), ONE_THREAD)) {
      boolean learned = model.learnsVariance(new ModelMetadata.ImageShape(1, 4, 4));
      assertEquals(name.endsWith("learned"), learned);
      int size = 3 * 16;
      FloatBuffer x = direct(size);
      FloatBuffer output = direct(learned ? 2 * size : size);
      for (int i = 0; i < size; i++) {
        x.put(i, i);
      }
      double tolerance = 32 * Math.pow(2, -bits);
      try (BoundModel bound = model.bind(x, output, 3, 1, 4, 4)) {
        for (int t : new int[] {0, 7, 19, 512}) {
          bound.predict(x, 3, t, output);
          for (int image = 0; image < 3; image++) {
            int from = image * output.capacity() / 3;
            for (int i = 0; i < 16; i++) {
              double expected = 0.5 * (image * 16 + i) + t / 1000.0;
              assertEquals(expected, output.get(from + i), tolerance, name + " t=" + t);
            }
          }
        }
      }
    }
  }

  /** What is rounded at the border: every number goes in and comes out as a half. */
  @Test
  void halvesAreRoundedToTheNearest() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path("half"), ONE_THREAD);
        BoundModel bound = model.bind(x, output, 1, 1, 4, 4)) {
      float[] values = {1.00048828125f, 1.0004885f, 6e-8f, 65519, -65520, 1e-9f, 3.1415927f};
      float[] halved = {0.5f, 0.50048828f, 0, 32752, Float.NEGATIVE_INFINITY, 0, 1.5703125f};
      x.put(0, values);
      bound.predict(x, 1, 0, output);
      for (int i = 0; i < values.length; i++) {
        assertEquals(halved[i], output.get(i), "of " + values[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"int32_labels, 3", "column_labels, 3", "scalar_label, 1"})
  void classLabelsAreTakenInEveryForm(String name, int images) throws IOException {
    FloatBuffer x = direct(16 * images);
    FloatBuffer output = direct(16 * images);
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path(name), ONE_THREAD);
        BoundModel bound = model.bind(x, output, images, 1, 4, 4)) {
      assertEquals(images == 1 ? 1 : -1, model.signature().fixedBatch());
      bound.classLabels(new int[] {1, 0, 1}, 0);
      bound.predict(x, images, 0, output);
      for (int image = 0; image < images; image++) {
        assertEquals(image == 1 ? 0 : 0.1f, output.get(16 * image), 1e-7f);
      }
    }
  }

  @Test
  void batchesAreFixedByTheTimestepsToo() throws IOException {
    for (String name : List.of("fixed_batch", "fixed_timestep")) {
      try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path(name), ONE_THREAD)) {
        assertEquals(3, model.signature().fixedBatch(), name);
      }
    }
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path("one_int64"), ONE_THREAD)) {
      assertEquals(-1, model.signature().fixedBatch());
    }
  }

  @Test
  void aFractionalTimestepIsRoundedForAnIntegerInput() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(TestModels.path("scalar_float"), ONE_THREAD);
        BoundModel bound = model.bind(x, output, 1, 1, 4, 4)) {
      bound.predict(x, 1, 2.5, output);
      assertEquals(0.0025f, output.get(0), 1e-7f);
    }
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(TestModels.path("unconditional"), ONE_THREAD);
        BoundModel bound = model.bind(x, output, 1, 1, 4, 4)) {
      bound.predict(x, 1, 2.6, output);
      assertEquals(0.003f, output.get(0), 1e-7f);
    }
  }

  @Test
  void closingIsIdempotentAndWaitsForTheLastRun() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path("unconditional"), ONE_THREAD);
    BoundModel bound = model.bind(x, output, 1, 1, 4, 4);
    model.close();
    model.close();
    bound.predict(x, 1, 5, output); // the session lives as long as a run needs it
    assertEquals(0.005f, output.get(0), 1e-7f);
    assertThrows(IllegalStateException.class, () -> model.bind(x, output, 1, 1, 4, 4));
    bound.close();
    bound.close();
    assertThrows(IllegalStateException.class, () -> bound.predict(x, 1, 5, output));
  }

  @Test
  void onlyTheBoundBuffersAreTaken() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    try (OnnxEpsilonModel model =
        OnnxEpsilonModel.open(TestModels.path("unconditional"), ONE_THREAD)) {
      assertThrows(
          IllegalArgumentException.class,
          () -> model.bind(FloatBuffer.allocate(16), output, 1, 1, 4, 4));
      assertThrows(IllegalStateException.class, () -> model.bind(x, output, 9, 1, 4, 4));
      try (BoundModel bound = model.bind(x, output, 1, 1, 4, 4)) {
        assertThrows(IllegalArgumentException.class, () -> bound.predict(direct(16), 1, 0, output));
        assertThrows(IllegalArgumentException.class, () -> bound.classLabels(new int[] {0}, 0));
      }
    }
  }

  private static String refusal(Path file) {
    IOException e =
        assertThrows(IOException.class, () -> OnnxEpsilonModel.open(file, ONE_THREAD).close());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    return e.getMessage();
  }

  @Test
  void badFilesAreRefusedInOneSentence() throws IOException {
    Path missing = folder.resolve("missing.onnx");
    assertEquals(missing + ": there is no such file", refusal(missing));
    assertThrows(FileNotFoundException.class, () -> OnnxEpsilonModel.open(missing, ONE_THREAD));
    assertEquals(folder + ": this folder holds no model.onnx", refusal(folder));
    Path empty = Files.write(folder.resolve("empty.onnx"), new byte[0]);
    assertEquals(empty + ": expected an ONNX model, found an empty file", refusal(empty));
    byte[] text = "this is no model, only a sentence".getBytes(StandardCharsets.UTF_8);
    Path noOnnx = Files.write(folder.resolve("text.onnx"), text);
    assertTrue(refusal(noOnnx).startsWith(noOnnx + ": "), refusal(noOnnx));
    byte[] whole = Files.readAllBytes(TestModels.path("conditional"));
    for (int length : new int[] {1, 10, whole.length / 2, whole.length - 1}) {
      Path cut = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, length));
      String message = refusal(cut);
      assertTrue(message.startsWith(cut + ": "), message);
      assertFalse(message.contains("Error code"), message);
    }
  }

  @Test
  void aPipeIsRefusedAtOnce() throws Exception {
    Path pipe = TestPipes.make(folder.resolve("pipe.onnx"));
    String expected = ": expected a regular file, found a device or a pipe";
    assertTimeoutPreemptively(
        Duration.ofSeconds(10), () -> assertEquals(pipe + expected, refusal(pipe)));
    Path inFolder = TestPipes.make(folder.resolve("model.onnx"));
    assertEquals(inFolder + expected, refusal(folder));
  }

  @Test
  void modelsThatAreNoPredictorsAreRefused() {
    String message = refusal(TestModels.path("classifier"));
    assertTrue(message.contains("classifier.onnx is no noise predictor: expected"), message);
    assertTrue(message.endsWith("found the inputs [image float[?,3,8,8]]"), message);
  }

  @Test
  void aModelThatGivesAnotherShapeIsRefused() throws IOException {
    try (OnnxEpsilonModel model =
        OnnxEpsilonModel.open(TestModels.path("no_output_shape"), ONE_THREAD)) {
      // The graph fixes 1x4x4, and a run with anything else fails.
      ModelMetadata.ImageShape wrong = new ModelMetadata.ImageShape(1, 8, 8);
      assertThrows(IllegalStateException.class, () -> model.learnsVariance(wrong));
      assertFalse(model.learnsVariance(new ModelMetadata.ImageShape(1, 4, 4)));
    }
  }

  @Test
  void inputsThatNobodyKnowsAreNamed() {
    for (String name : List.of("embedding", "text_encoder")) {
      String message = refusal(TestModels.path(name));
      assertTrue(
          message.contains("expected an image, a timestep and at most class labels as inputs, "),
          message);
      assertTrue(
          message.contains(
              name.equals("embedding")
                  ? "found also embedding float[?,16], for which"
                  : "found also encoder_hidden_states float[?,77,16], for which"),
          message);
    }
  }

  @Test
  void rolesThatAreInDoubtAreRefused() throws IOException {
    assertEquals(
        ": expected names that tell the timestep (time..., t) from the class labels (class..., y),"
            + " found the inputs [x float[?,1,4,4], a int64[?], b int64[?]]; name them",
        inDoubt("ambiguous"));
    assertEquals(
        ": expected one image (floats of rank 4), found the inputs"
            + " [sample float[?,1,4,4], timestep int64[?], condition float[?,1,4,4]]; name them",
        inDoubt("two_images"));
    assertEquals(
        ": expected one output that can be the prediction, found the outputs"
            + " [a float[?,1,4,4], b float[?,1,4,4]]; name it",
        inDoubt("unclear_outputs"));
  }

  private static String inDoubt(String name) {
    Path file = TestModels.path(name);
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class, () -> OnnxEpsilonModel.open(file, ONE_THREAD).close());
    assertEquals("roleNames", e.missingOption().orElse(""), e.getMessage());
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    return e.getMessage().substring(file.toString().length());
  }

  private static ModelSignature named(String name, RoleNames names) throws IOException {
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path(name), ONE_THREAD, names)) {
      return model.signature();
    }
  }

  @Test
  void namesSettleWhatIsInDoubt() throws IOException {
    ModelSignature signature = named("ambiguous", RoleNames.none().withTimestep("a"));
    assertEquals("a", signature.timestep().name());
    assertEquals("b", signature.classLabels().orElseThrow().name());
    signature = named("ambiguous", RoleNames.none().withClassLabels("a"));
    assertEquals("b", signature.timestep().name());
    assertEquals("a", signature.classLabels().orElseThrow().name());
    assertEquals("b", named("unclear_outputs", RoleNames.none().withOutput("b")).output().name());
    assertEquals(
        "features", named("two_outputs", RoleNames.none().withOutput("features")).output().name());
    RoleNames all =
        RoleNames.none()
            .withSample("sample")
            .withTimestep("timestep")
            .withClassLabels("class_labels")
            .withOutput("out_sample");
    assertEquals(
        named("conditional", RoleNames.none()), named("conditional", all), "the same as found");
  }

  @Test
  void namesThatFitNothingAreRefused() {
    RoleNames none = RoleNames.none();
    assertRefused("timestep: expected one of [", none.withTimestep("tiem"), "the name \"tiem\"");
    assertRefused("image: expected one of [", none.withSample("x"), "the name \"x\"");
    assertRefused("prediction: expected one of [", none.withOutput("y"), "the name \"y\"");
    assertRefused("timestep: expected floats of rank 4", none.withSample("timestep"), "int64[?]");
    assertRefused("sample: expected int64, int32 or a", none.withTimestep("sample"), "");
    assertRefused("sample: expected int64 or int32 of", none.withClassLabels("sample"), "");
    assertRefused(
        "expected one input for every role, found sample, timestep, timestep",
        none.withTimestep("timestep").withClassLabels("timestep"),
        "");
  }

  private static void assertRefused(String expected, RoleNames names, String found) {
    IOException e = assertThrows(ModelFormatException.class, () -> named("unconditional", names));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
    assertTrue(e.getMessage().contains(found), e.getMessage());
  }

  /** Beside the image: the input that is the timestep, and labels; - where that is in doubt. */
  @ParameterizedTest
  @CsvSource({
    "timestep int64 1, class_labels int64 1, timestep",
    "y int64 1, t int64 1, t",
    "a int64 1, label float 1, -",
    "a float 0, b int64 1, a",
    "v int64 1, u float 1, u",
    "u int64 1, v int32 1, -",
    "sigma float 1, b int64 1, sigma",
    "a int64 1, y int64 1, a",
    "timestep int64 1, guidance float 0, -",
    "timestep float 2, classes int64 1, timestep",
    "timestep float16 0, class_labels int32 2, timestep",
    "a int32 1, t int64 0, t"
  })
  void typesAndNamesTellTheTimestepFromTheLabels(String one, String two, String timestep)
      throws Exception {
    List<TensorSpec> inputs = List.of(spec(one), spec(two), IMAGE);
    if (timestep.equals("-")) {
      IOException e = assertThrows(ModelFormatException.class, () -> find(inputs));
      assertTrue(e.getMessage().contains(spec(two).toString()), e.getMessage());
    } else {
      ModelSignature signature = find(inputs);
      assertEquals(timestep, signature.timestep().name());
      assertTrue(signature.classLabels().orElseThrow().type().startsWith("int"));
    }
  }

  private static ModelSignature find(List<TensorSpec> inputs) throws IOException {
    return new RoleFinder("x.onnx", RoleNames.none(), inputs, List.of(IMAGE)).find();
  }

  private static final TensorSpec IMAGE = TensorSpec.of("image", "float", -1, 1, 4, 4);

  private static TensorSpec spec(String text) {
    String[] parts = text.strip().split(" ");
    long[] open = new long[Integer.parseInt(parts[2])];
    Arrays.fill(open, -1);
    return TensorSpec.of(parts[0], parts[1], open);
  }

  @Test
  void metadataThatIsWrongIsNamed() {
    String message = refusal(TestModels.path("newer_format"));
    assertTrue(message.endsWith("ddpm4j.format: expected 1, found \"2\""), message);
    message = refusal(TestModels.path("bad_scheduler"));
    assertTrue(message.contains("ddpm4j.scheduler: beta_schedule: expected one of"), message);
    assertTrue(message.endsWith("found \"cubic\""), message);
  }

  @Test
  void cudaThatIsMissingIsSaidAndNotReplaced() {
    assumeFalse(OnnxEpsilonModel.providers().contains("CUDA"), "skipped: this build holds CUDA");
    IOException e =
        assertThrows(
            DeviceException.class,
            () ->
                OnnxEpsilonModel.open(
                    TestModels.path("unconditional"),
                    new SessionSettings(Device.parse("cuda"), 1)));
    assertTrue(e.getMessage().startsWith("cuda:0: expected CUDA, found ONNX Runtime "));
    assertTrue(e.getMessage().contains("[CPU"), e.getMessage());
  }
}
