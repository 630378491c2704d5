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
import org.junit.jupiter.params.provider.ValueSource;

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
      try (OnnxEpsilonModel.Bound bound = model.bind(x, output, shape)) {
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unconditional",
        "fixed_batch",
        "open_size",
        "scalar_int64",
        "one_int64",
        "scalar_float",
        "vector_int32",
        "matrix_double",
        "learned"
      })
  void rolesAreFoundWhateverTheNamesTypesAndRanks(String name) throws IOException {
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path(name), ONE_THREAD)) {
      assertEquals(name.equals("learned"), model.signature().learnsVariance());
      int size = 3 * 16;
      FloatBuffer x = direct(size);
      FloatBuffer output = direct(model.signature().learnsVariance() ? 2 * size : size);
      for (int i = 0; i < size; i++) {
        x.put(i, i);
      }
      try (OnnxEpsilonModel.Bound bound = model.bind(x, output, 3, 1, 4, 4)) {
        for (int t : new int[] {0, 7, 19}) {
          bound.predict(x, 3, t, output);
          for (int image = 0; image < 3; image++) {
            int from = image * output.capacity() / 3;
            for (int i = 0; i < 16; i++) {
              float expected = 0.5f * (image * 16 + i) + t / 1000f;
              assertEquals(expected, output.get(from + i), 1e-5f, name + " t=" + t);
            }
          }
        }
      }
    }
  }

  @Test
  void aFractionalTimestepNeedsAFloatInput() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(TestModels.path("scalar_float"), ONE_THREAD);
        OnnxEpsilonModel.Bound bound = model.bind(x, output, 1, 1, 4, 4)) {
      bound.predict(x, 1, 2.5, output);
      assertEquals(0.0025f, output.get(0), 1e-7f);
    }
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(TestModels.path("unconditional"), ONE_THREAD);
        OnnxEpsilonModel.Bound bound = model.bind(x, output, 1, 1, 4, 4)) {
      assertThrows(IllegalArgumentException.class, () -> bound.predict(x, 1, 2.5, output));
    }
  }

  @Test
  void closingIsIdempotentAndWaitsForTheLastRun() throws IOException {
    FloatBuffer x = direct(16);
    FloatBuffer output = direct(16);
    OnnxEpsilonModel model = OnnxEpsilonModel.open(TestModels.path("unconditional"), ONE_THREAD);
    OnnxEpsilonModel.Bound bound = model.bind(x, output, 1, 1, 4, 4);
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
      try (OnnxEpsilonModel.Bound bound = model.bind(x, output, 1, 1, 4, 4)) {
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
    message = refusal(TestModels.path("double_image"));
    assertTrue(message.contains("expected one float input of rank 4"), message);
    assertTrue(message.contains("sample double[?,1,4,4]"), message);
  }

  @Test
  void rolesThatAreInDoubtAreRefused() {
    String message = refusal(TestModels.path("embedding"));
    assertTrue(message.contains("expected beside the image one timestep"), message);
    assertTrue(message.endsWith("timestep int64[?], embedding float[?,16]]"), message);
    message = refusal(TestModels.path("ambiguous"));
    assertTrue(message.contains("expected names that tell the timestep"), message);
    assertTrue(message.endsWith("a int64[?], b int64[?]]"), message);
  }

  /** Beside the image: the input that is the timestep, and labels; - where that is in doubt. */
  @ParameterizedTest
  @CsvSource({
    "timestep int64 1, class_labels int64 1, timestep",
    "y int64 1, t int64 1, t",
    "a int64 1, label float 1, -",
    "a float 0, b int64 1, -",
    "sigma float 1, b int64 1, sigma",
    "a int64 1, y int64 1, a",
    "timestep int64 1, guidance float 0, -",
    "timestep float 2, classes int64 1, timestep"
  })
  void namesTellTheTimestepFromTheLabels(String one, String two, String timestep) throws Exception {
    List<TensorSpec> inputs = List.of(spec(one), spec(two), IMAGE);
    if (timestep.equals("-")) {
      IOException e =
          assertThrows(
              ModelFormatException.class,
              () -> ModelSignature.of("x.onnx", inputs, List.of(IMAGE)));
      assertTrue(e.getMessage().contains(spec(one) + ", " + spec(two)), e.getMessage());
    } else {
      ModelSignature signature = ModelSignature.of("x.onnx", inputs, List.of(IMAGE));
      assertEquals(timestep, signature.timestep().name());
      assertEquals("int64", signature.classLabels().orElseThrow().type());
    }
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

  @Test
  void devicesAreParsed() {
    assertEquals(Device.cpu(), Device.parse("cpu"));
    assertEquals(Device.cuda(0), Device.parse("cuda"));
    assertEquals(Device.cuda(12), Device.parse("cuda:12"));
    for (String bad : List.of("", "gpu", "cuda:", "cuda:-1", "CUDA")) {
      assertThrows(IllegalArgumentException.class, () -> Device.parse(bad), bad);
    }
    assertThrows(IllegalArgumentException.class, () -> new SessionSettings(Device.cpu(), 0));
  }
}
