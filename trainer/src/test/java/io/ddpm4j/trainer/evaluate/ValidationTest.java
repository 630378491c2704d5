package io.ddpm4j.trainer.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Held against a computation of the test's own, an image at a time, from the definitions. */
class ValidationTest {
  private static final long SEED = 42;
  private static final int T = 50;
  private static final int IMAGES = 30; // 7 timesteps a quarter, with 2 images each
  private static final double[] BETAS = new double[T];

  static {
    for (int t = 0; t < T; t++) {
      BETAS[t] = 0.001 + 0.099 * t / (T - 1);
    }
  }

  private final ImageDataset data = new ShapesDataset(40, 8, 1);

  private static Validation.Settings settings(PredictionType type) {
    return new Validation.Settings(NoiseSchedule.ofBetas(BETAS), type, IMAGES, SEED);
  }

  /** One image, as the network sees it, and what it should say of it. */
  private record Showing(int timestep, int label, float[] x, double[] target) {}

  /** A network for one image. */
  private interface One {
    float[] predict(float[] x, int label, int timestep) throws IOException;
  }

  private Showing showing(int j, int showings, int timesteps, PredictionType type) {
    int timestep = (int) Math.floor((j % timesteps + 0.5) * T / timesteps);
    double alphaBar = 1;
    for (int t = 0; t <= timestep; t++) {
      alphaBar *= 1 - BETAS[t];
    }
    int size = data.imageBytes();
    int image = j * data.size() / showings;
    byte[] pixels = new byte[size];
    data.read(image, pixels, 0);
    float[] noise = new float[size];
    new ImageNoise(SEED).fill(noise, j, 1, size, Integer.MIN_VALUE);
    float[] x = new float[size];
    double[] target = new double[size];
    double a = Math.sqrt(alphaBar);
    double s = Math.sqrt(1 - alphaBar);
    for (int e = 0; e < size; e++) {
      double x0 = Byte.toUnsignedInt(pixels[e]) / 127.5 - 1;
      x[e] = (float) (a * x0 + s * noise[e]);
      target[e] =
          type == PredictionType.EPSILON
              ? noise[e]
              : type == PredictionType.SAMPLE ? x0 : a * noise[e] - s * x0;
    }
    return new Showing(timestep, data.label(image), x, target);
  }

  /** The four losses. */
  private double[] expected(One network, PredictionType type) throws IOException {
    int timesteps = 28;
    int showings = 56;
    double[] losses = new double[4];
    for (int j = 0; j < showings; j++) {
      Showing showing = showing(j, showings, timesteps, type);
      float[] said = network.predict(showing.x, showing.label, showing.timestep);
      double sum = 0;
      for (int e = 0; e < showing.x.length; e++) {
        sum += Math.pow(said[e] - showing.target[e], 2);
      }
      losses[showing.timestep * 4 / T] += sum / showing.x.length / (showings / 4);
    }
    return losses;
  }

  /** Depends on all that it is told, differently for each pixel. */
  private static float made(float x, int label, int timestep, int element) {
    return (float) (0.7 * x + 0.1 * label - 0.01 * timestep + 0.001 * element);
  }

  @ParameterizedTest
  @CsvSource({"EPSILON, 1", "SAMPLE, 1", "V_PREDICTION, 1", "EPSILON, 2", "V_PREDICTION, 2"})
  void theLossIsWhatTheDefinitionSays(PredictionType type, int outputs) throws IOException {
    int size = data.imageBytes();
    One one =
        (x, label, timestep) -> {
          float[] said = new float[size];
          for (int e = 0; e < size; e++) {
            said[e] = made(x[e], label, timestep, e);
          }
          return said;
        };
    FloatBuffer output = direct(2 * outputs * size);
    Validation.Network network =
        (x, labels, timestep, said) -> {
          for (int i = 0; i < 2; i++) {
            for (int e = 0; e < outputs * size; e++) { // the variance is nonsense
              said.put(
                  i * outputs * size + e,
                  e < size ? made(x.get(i * size + e), labels[i], timestep, e) : 1e6f);
            }
          }
        };
    QuarterLosses found = new Validation(data, settings(type)).measure(network, output);
    assertLosses(expected(one, type), found, 1e-6);
  }

  private static void assertLosses(double[] expected, QuarterLosses found, double tolerance) {
    double mean = 0;
    for (int q = 0; q < 4; q++) {
      assertEquals(expected[q], found.quarters().get(q), tolerance * expected[q], "quarter " + q);
      mean += expected[q] / 4;
    }
    assertEquals(mean, found.mean(), tolerance * mean);
  }

  private static UNetConfig unet(int outChannels, int classes) {
    return UNetConfig.builder()
        .sampleSize(8)
        .inChannels(3)
        .outChannels(outChannels)
        .blockOutChannels(List.of(8))
        .downBlockTypes(List.of(UNetConfig.BlockType.PLAIN))
        .upBlockTypes(List.of(UNetConfig.BlockType.PLAIN))
        .layersPerBlock(1)
        .attentionHeadDim(4)
        .normNumGroups(2)
        .numClassEmbeds(classes)
        .build();
  }

  private static byte[] model(UNetConfig unet) throws IOException {
    return OnnxWriter.toBytes(
        io.ddpm4j.exporter.proto.OnnxModel.of(
            UNet.portable(unet, UNet.parameters(unet).initialize(3))));
  }

  @ParameterizedTest
  @CsvSource({"3, 6, EPSILON", "3, 0, V_PREDICTION", "6, 6, EPSILON"})
  void anOnnxModelIsMeasuredAsItIsRun(int outChannels, int classes, PredictionType type)
      throws IOException {
    byte[] bytes = model(unet(outChannels, classes));
    SessionSettings one = new SessionSettings(Device.cpu(), 1);
    int size = data.imageBytes();
    try (OnnxModel reference = OnnxModel.open(bytes, "reference", one);
        OnnxEpsilonModel model = OnnxEpsilonModel.open(bytes, "measured", one)) {
      List<String> names = new ArrayList<>();
      reference.inputs().forEach(input -> names.add(input.name()));
      double[] expected =
          expected(
              (x, label, timestep) -> {
                Map<String, NumpyArray> inputs = new LinkedHashMap<>();
                inputs.put(names.get(0), NumpyArray.of(x, 1, 3, 8, 8));
                inputs.put(names.get(1), NumpyArray.of(new long[] {timestep}, 1));
                if (classes > 0) {
                  inputs.put(names.get(2), NumpyArray.of(new long[] {label}, 1));
                }
                float[] said = reference.run(inputs).values().iterator().next().toFloats();
                assertEquals(outChannels / 3 * size, said.length);
                return said;
              },
              type);
      Validation validation = new Validation(data, settings(type));
      QuarterLosses found = validation.measure(model, new Cancellation());
      assertLosses(expected, found, 1e-5);
      assertEquals(found, validation.measure(model, new Cancellation()), "the same again");
      assertEquals(found, new Validation(data, settings(type)).measure(model, new Cancellation()));
      Validation.Settings other =
          new Validation.Settings(NoiseSchedule.ofBetas(BETAS), type, IMAGES, SEED + 1);
      assertNotEquals(found, new Validation(data, other).measure(model, new Cancellation()));
    }
  }

  @Test
  void itIsCancelledWithinATimestep() throws IOException {
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    SessionSettings one = new SessionSettings(Device.cpu(), 1);
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(model(unet(3, 6)), "measured", one)) {
      Validation validation = new Validation(data, settings(PredictionType.EPSILON));
      assertThrows(CancellationException.class, () -> validation.measure(model, cancelled));
    }
  }

  @ParameterizedTest
  @EnumSource(PredictionType.class)
  void whatHasNoSuchLossIsRefused(PredictionType type) {
    if (type == PredictionType.FLOW_PREDICTION) {
      assertThrows(IllegalArgumentException.class, () -> settings(type));
    } else {
      assertTrue(settings(type).images() > 0);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new Validation.Settings(NoiseSchedule.linear(), PredictionType.EPSILON, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new QuarterLosses(List.of(1.0)));
  }

  private static FloatBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(elements * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
