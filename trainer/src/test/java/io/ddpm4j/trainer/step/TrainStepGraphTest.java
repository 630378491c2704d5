package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.objective.MinSnr;
import io.ddpm4j.trainer.objective.Objective;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The step as one graph: against PyTorch, and against the session that trains here. */
class TrainStepGraphTest {
  private static final int BATCH = 3;
  private static final int STEPS = 12;
  private static final double RATE = 2e-3;

  private static final NoiseSchedule SCHEDULE =
      NoiseSchedule.of(BetaSchedule.LINEAR, 50, 1e-3, 0.2);
  private static final GradientClipping NONE = new GradientClipping(Double.POSITIVE_INFINITY);
  private static final Adam ADAM = new Adam(0.9, 0.99, 1e-6);

  private static UNetConfig unet(int channels, int classes) {
    return UNetConfig.of(8, channels, List.of(4, 8), List.of(false, true), 1, 2, 4, classes);
  }

  private static Objective objective(LossKind loss, PredictionType prediction, double minSnr) {
    return new Objective(
        SCHEDULE,
        prediction,
        loss == LossKind.SIMPLE ? VarianceType.FIXED_SMALL : VarianceType.LEARNED_RANGE,
        loss,
        minSnr == 0 ? Optional.empty() : Optional.of(new MinSnr(minSnr)));
  }

  private static Objective guided(double scale) {
    return new Objective(
        SCHEDULE,
        PredictionType.EPSILON,
        VarianceType.FIXED_SMALL,
        LossKind.SIMPLE,
        Optional.empty(),
        scale);
  }

  private static Arguments of(
      String name, UNetConfig unet, Objective objective, Adam adam, Object... rest) {
    GradientClipping clipping = (GradientClipping) rest[0];
    List<Ema> averages = Stream.of(rest).skip(1).map(d -> new Ema((Double) d)).toList();
    UNetConfig sized = unet.withOutChannels(objective.outputChannels(unet.inChannels()));
    return Arguments.of(
        name, new TrainStepConfig(sized, BATCH, objective, adam, clipping, averages));
  }

  static Stream<Arguments> configs() {
    Objective simple = objective(LossKind.SIMPLE, PredictionType.EPSILON, 0);
    return Stream.of(
        of("plain", unet(1, 0), simple, ADAM, NONE, 0.99),
        of("clipped", unet(3, 4), simple, ADAM, new GradientClipping(0.3), 0.99),
        of(
            "adamw, three averages",
            unet(1, 2),
            simple,
            new Adam(0.8, 0.95, 1e-4, 0.1),
            new GradientClipping(1),
            0.9,
            0.5,
            0.999),
        of(
            "v, min-SNR",
            unet(2, 0),
            objective(LossKind.SIMPLE, PredictionType.V_PREDICTION, 5),
            ADAM,
            NONE,
            0.9),
        of(
            "sample",
            unet(1, 0),
            objective(LossKind.SIMPLE, PredictionType.SAMPLE, 0),
            ADAM,
            NONE,
            0.9),
        of(
            "hybrid",
            unet(1, 0),
            objective(LossKind.HYBRID, PredictionType.EPSILON, 0),
            ADAM,
            NONE,
            0.9),
        of(
            "bound",
            unet(1, 3),
            objective(LossKind.VLB, PredictionType.EPSILON, 0),
            ADAM,
            new GradientClipping(1),
            0.9),
        of("dropout", unet(1, 0).withDropout(0.25), simple, ADAM, NONE, 0.9),
        of("model guidance", unet(1, 3), guided(2), ADAM, NONE, 0.9),
        of(
            "all that UNet2DModel has",
            UNetConfig.fromJson(
                """
                {"sample_size": 8, "in_channels": 1, "out_channels": 1,
                 "block_out_channels": [4, 8], "layers_per_block": 2, "norm_num_groups": 2,
                 "down_block_types": ["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
                 "up_block_types": ["AttnUpBlock2D", "ResnetUpsampleBlock2D"],
                 "resnet_time_scale_shift": "scale_shift", "downsample_padding": 0,
                 "attention_head_dim": 4}
                """),
            simple,
            ADAM,
            new GradientClipping(0.5),
            0.9));
  }

  /** What the masks of a step's dropout keep. */
  private static byte mask(int place, int element, long step) {
    return (byte) ((3 * element + 5 * place + 7 * step) % 4 == 0 ? 0 : 1);
  }

  /** One with classes and clipping, and one of every other kind in the slow test. */
  static Stream<Arguments> one() {
    return configs().skip(1).limit(1);
  }

  static Stream<Arguments> others() {
    return Stream.concat(configs().limit(1), configs().skip(2));
  }

  @Tag("slow")
  @ParameterizedTest(name = "{0}")
  @MethodSource("others")
  void trainsAsTheSessionDoesWhateverItTrains(String name, TrainStepConfig config)
      throws OrtException {
    trainsAsTheSessionDoes(name, config);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("one")
  void trainsAsTheSessionDoes(String name, TrainStepConfig config) throws OrtException {
    TrainStepGraph step = TrainStepGraph.build(config);
    assertTrue(step.graph().nodes().stream().allMatch(n -> n.schema().domain().isEmpty()));
    for (boolean standard : new boolean[] {true, false}) {
      TrainSession.Options options =
          new TrainSession.Options(1, OptionalInt.of(BATCH), standard, Optional.empty());
      try (TrainSession session = new TrainSession(config, options);
          PortableRuntime portable = new PortableRuntime(step.graph())) {
        Map<String, TensorData> weights = UNet.parameters(config.unet()).initialize(7);
        session.initialize(session.layout().join(weights));
        Map<String, TensorData> state = begin(config, step.layout().join(weights));
        var inputs = session.newInputs();
        Random random = new Random(11);
        for (int number = 1; number <= STEPS; number++) {
          Map<String, TensorData> feeds = draw(config, random);
          inputs.images().put(feeds.get("images").bytes());
          inputs.noise().put(feeds.get("noise").floats());
          inputs.timesteps().put(feeds.get("timestep").longs());
          if (feeds.containsKey("class_labels")) {
            inputs.labels().put(feeds.get("class_labels").longs());
          }
          long n = number;
          inputs.masks(
              (place, image, mask) -> {
                for (int e = 0; e < mask.capacity(); e++) {
                  mask.put(e, mask(place, image * mask.capacity() + e, n));
                }
              });
          feeds.putAll(masks(step.masks(), number));
          feeds.put("learning_rate", TensorData.scalar((float) RATE));
          feeds.put("step", TensorData.scalar((long) number));
          feeds.putAll(state);
          TrainSession.Result expected = session.step(inputs, number, RATE);
          Map<String, TensorData> found = portable.run(feeds);
          String where = name + ", step " + number + ": ";
          near(expected.loss(), scalar(found, "loss"), 5e-5, where + "loss");
          near(
              expected.gradientNorm(),
              scalar(found, "gradient_norm"),
              1e-3,
              where + "gradient norm");
          for (int i = 0; i < BATCH; i++) {
            float loss = found.get("sample_loss").floats()[i];
            near(session.sampleLoss().get(i), loss, 1e-4, where + "loss of image " + i);
          }
          state.replaceAll((vector, old) -> found.get(TrainStepGraph.NEW + vector));
        }
        for (String vector : session.stateNames()) {
          Map<String, TensorData> expected = session.layout().split(session.state(vector));
          float[] values = state.get(vector).floats();
          Map<String, TensorData> found = step.layout().split(FloatBuffer.wrap(values));
          expected.forEach((p, tensor) -> same(tensor, found.get(p), name + ": " + vector + p));
        }
      }
    }
  }

  /** Adam divides by what may be next to nothing, so single weights may differ by a step. */
  private static void same(TensorData expected, TensorData found, String what) {
    assertEquals(expected.shape(), found.shape(), what);
    float[] e = expected.floats();
    float[] f = found.floats();
    double squares = 0;
    for (int i = 0; i < e.length; i++) {
      assertEquals(e[i], f[i], RATE, what + " " + i);
      squares += (e[i] - f[i]) * (double) (e[i] - f[i]);
    }
    assertEquals(0, Math.sqrt(squares / e.length), RATE / 10, what);
  }

  private static Map<String, TensorData> begin(TrainStepConfig config, float[] weights) {
    Map<String, TensorData> state = new LinkedHashMap<>();
    for (String vector : UpdateGraph.state(config)) {
      float[] values = vector.endsWith("moment") ? new float[weights.length] : weights;
      state.put(vector, TensorData.ofFloats(values, weights.length));
    }
    return state;
  }

  private static Map<String, TensorData> draw(TrainStepConfig config, Random random) {
    UNetConfig unet = config.unet();
    long[] shape = {BATCH, unet.inChannels(), unet.sampleSize(), unet.sampleSize()};
    int elements = (int) Shape.of(shape).elements();
    byte[] images = new byte[elements];
    random.nextBytes(images);
    float[] noise = new float[elements];
    for (int i = 0; i < elements; i++) {
      noise[i] = (float) random.nextGaussian();
    }
    long[] timesteps = random.longs(BATCH, 0, SCHEDULE.trainTimesteps()).toArray();
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    feeds.put("images", TensorData.ofBytes(DataType.UINT8, Shape.of(shape), images));
    feeds.put("noise", TensorData.ofFloats(noise, shape));
    feeds.put("timestep", TensorData.ofLongs(timesteps, BATCH));
    if (unet.numClassEmbeds() > 0) {
      long[] labels = random.longs(BATCH, 0, unet.numClassEmbeds()).toArray();
      feeds.put("class_labels", TensorData.ofLongs(labels, BATCH));
    }
    return feeds;
  }

  private static Map<String, TensorData> masks(Map<String, Shape> places, long step) {
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    int place = 0;
    for (Map.Entry<String, Shape> each : places.entrySet()) {
      byte[] kept = new byte[(int) each.getValue().elements()];
      for (int e = 0; e < kept.length; e++) {
        kept[e] = mask(place, e, step);
      }
      feeds.put(each.getKey(), TensorData.ofBytes(DataType.UINT8, each.getValue(), kept));
      place++;
    }
    return feeds;
  }

  private static double scalar(Map<String, TensorData> outputs, String name) {
    assertEquals(Shape.SCALAR, outputs.get(name).shape(), name);
    return outputs.get(name).floats()[0];
  }

  private static void near(double expected, double found, double relative, String what) {
    assertEquals(expected, found, relative * Math.abs(expected), what);
  }

  /** The inputs of {@code step_reference.py}. */
  private static Map<String, TensorData> reference(Shape shape, int step) {
    int n = (int) shape.size(0);
    byte[] images = new byte[(int) shape.elements()];
    float[] noise = new float[images.length];
    for (int k = 0; k < images.length; k++) {
      images[k] = (byte) ((37 * k + 11 * step) % 256);
      noise[k] = (float) (1.4 * Math.sin(1.3 * k * k + step));
    }
    long[] timesteps = LongStream.range(0, n).map(i -> (313 * i + 97 * step) % 1000).toArray();
    long[] labels = LongStream.range(0, n).map(i -> (i + step) % 3).toArray();
    return Map.of(
        "images", TensorData.ofBytes(DataType.UINT8, shape, images),
        "noise", TensorData.ofFloats(noise, shape.sizes()),
        "timestep", TensorData.longs(timesteps),
        "class_labels", TensorData.longs(labels));
  }

  /** The numbers of {@code step_reference.py}, as {@link TrainSessionTest} has them. */
  @Test
  void threeStepsAgreeWithPyTorch() throws IOException, OrtException {
    JsonObject reference;
    try (InputStream in = TrainSessionTest.class.getResourceAsStream("pytorch.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      reference = JsonParser.parseString(json).getAsJsonObject();
    }
    TrainStepConfig config = TrainSessionTest.reference();
    TrainStepGraph step = TrainStepGraph.build(config);
    float[] weights = TrainSessionTest.weights(step.layout());
    Map<String, TensorData> state = begin(config, weights);
    try (PortableRuntime portable = new PortableRuntime(step.graph())) {
      JsonArray steps = reference.getAsJsonArray("steps");
      assertEquals(3, steps.size());
      for (int number = 1; number <= steps.size(); number++) {
        Map<String, TensorData> feeds = new LinkedHashMap<>(state);
        feeds.putAll(reference(PortableRuntime.shape(step.graph(), "images"), number));
        feeds.put("learning_rate", TensorData.scalar(1e-3f));
        feeds.put("step", TensorData.scalar((long) number));
        Map<String, TensorData> found = portable.run(feeds);
        JsonObject row = steps.get(number - 1).getAsJsonObject();
        near(row.get("loss").getAsDouble(), scalar(found, "loss"), 1e-5, "loss " + number);
        near(
            row.get("gradient_norm").getAsDouble(),
            scalar(found, "gradient_norm"),
            5e-5,
            "gradient norm " + number);
        state.replaceAll((vector, old) -> found.get(TrainStepGraph.NEW + vector));
      }
    }
    for (String vector : List.of("weights", "ema")) {
      TrainSessionTest.compare(
          reference.getAsJsonObject(vector),
          step.layout(),
          FloatBuffer.wrap(state.get(vector).floats()));
    }
  }

  /** Of what the network, exported, predicts with the class and with the null class. */
  @Test
  void guidanceIsThatOfTheNetworkItself() throws OrtException {
    double scale = 4;
    UNetConfig unet = unet(1, 3);
    TrainStepConfig config =
        new TrainStepConfig(unet, BATCH, guided(scale), ADAM, NONE, List.of(new Ema(0.9)));
    TrainStepGraph step = TrainStepGraph.build(config);
    float[] weights = step.layout().join(UNet.parameters(unet).initialize(7));
    Map<String, TensorData> feeds = draw(config, new Random(3));
    feeds.put("class_labels", TensorData.longs(0, 1, 2)); // the last of them is the null class
    float[] noise = feeds.get("noise").floats();
    int pixels = noise.length / BATCH;
    float[] noisy = new float[noise.length];
    for (int k = 0; k < noise.length; k++) {
      int t = (int) feeds.get("timestep").longs()[k / pixels];
      double x0 = (feeds.get("images").bytes().get(k) & 0xff) / 127.5 - 1;
      noisy[k] =
          (float)
              (SCHEDULE.sqrtAlphaCumprod(t) * x0 + SCHEDULE.sqrtOneMinusAlphaCumprod(t) * noise[k]);
    }
    Map<String, TensorData> shown = new LinkedHashMap<>();
    shown.put("sample", TensorData.ofFloats(noisy, feeds.get("noise").shape().sizes()));
    shown.put("timestep", feeds.get("timestep"));
    shown.put("class_labels", feeds.get("class_labels"));
    shown.put("weights", TensorData.ofFloats(weights, weights.length));
    float[] told;
    float[] untold;
    try (PortableRuntime predictor = new PortableRuntime(PredictorGraph.build(unet))) {
      told = predictor.run(shown).get("out_sample").floats();
      shown.put("class_labels", TensorData.longs(2, 2, 2));
      untold = predictor.run(shown).get("out_sample").floats();
    }
    float[] found;
    try (PortableRuntime portable = new PortableRuntime(step.graph())) {
      feeds.put("learning_rate", TensorData.scalar(0f));
      feeds.put("step", TensorData.scalar(1L));
      feeds.putAll(begin(config, weights));
      found = portable.run(feeds).get("sample_loss").floats();
    }
    for (int i = 0; i < BATCH; i++) {
      double loss = 0;
      double unguided = 0;
      for (int k = i * pixels; k < (i + 1) * pixels; k++) {
        double target = noise[k] + (1 - 1 / scale) * (told[k] - untold[k]);
        loss += (told[k] - target) * (told[k] - target) / pixels;
        unguided += (told[k] - noise[k]) * (told[k] - noise[k]) / pixels;
      }
      near(loss, found[i], 1e-4, "image " + i);
      assertEquals(i == 2, Math.abs(loss - unguided) < 1e-6 * loss, "only the null class has none");
    }
  }

  @Test
  void inputsAndOutputsAreThoseThatAreDocumented() {
    Objective simple = Objective.simple(SCHEDULE, PredictionType.EPSILON);
    TrainStepConfig config =
        new TrainStepConfig(
            unet(1, 3).withDropout(0.1),
            BATCH,
            simple,
            ADAM,
            NONE,
            List.of(new Ema(0.9), new Ema(0.99)));
    TrainStepGraph step = TrainStepGraph.build(config);
    List<String> inputs = step.graph().inputs().stream().map(Value::name).toList();
    assertEquals(List.of("images", "timestep", "noise", "class_labels"), inputs.subList(0, 4));
    int masks = step.masks().size();
    assertTrue(masks > 0);
    assertEquals(List.copyOf(step.masks().keySet()), inputs.subList(4, 4 + masks));
    List<String> state = List.of("weights", "first_moment", "second_moment", "ema", "ema_0.99");
    assertEquals(List.of("learning_rate", "step"), inputs.subList(4 + masks, 6 + masks));
    assertEquals(state, inputs.subList(6 + masks, inputs.size()));
    assertEquals(
        Stream.concat(
                Stream.of("loss", "sample_loss", "gradient_norm"),
                state.stream().map(vector -> "new_" + vector))
            .toList(),
        List.copyOf(step.graph().outputs().keySet()));
  }

  /** What the vectors hold is what a model's file holds, one parameter after the other. */
  @Test
  void thePredictorComputesWhatAModelOfItsWeightsDoes() throws OrtException {
    UNetConfig unet = unet(2, 3);
    Map<String, TensorData> weights = UNet.parameters(unet).initialize(3);
    float[] vector = new float[(int) UNet.parameters(unet).count()];
    int at = 0;
    for (TensorData tensor : weights.values()) {
      System.arraycopy(tensor.floats(), 0, vector, at, tensor.floats().length);
      at += tensor.floats().length;
    }
    Graph predictor = PredictorGraph.build(unet);
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    float[] sample = new float[2 * 2 * 64];
    Random random = new Random(5);
    for (int i = 0; i < sample.length; i++) {
      sample[i] = (float) random.nextGaussian();
    }
    feeds.put("sample", TensorData.ofFloats(sample, 2, 2, 8, 8));
    feeds.put("timestep", TensorData.longs(3, 40));
    feeds.put("class_labels", TensorData.longs(2, 0));
    try (PortableRuntime model = new PortableRuntime(UNet.portable(unet, weights));
        PortableRuntime portable = new PortableRuntime(predictor)) {
      float[] expected = model.run(feeds).get("out_sample").floats();
      feeds.put("weights", TensorData.ofFloats(vector, vector.length));
      float[] found = portable.run(feeds).get("out_sample").floats();
      assertEquals(expected.length, found.length);
      assertFalse(expected.length == 0);
      for (int i = 0; i < found.length; i++) {
        assertEquals(expected[i], found[i], 2e-5, "element " + i);
      }
    }
  }
}
