package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.ClassEmbedding;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.objective.Objective;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What one step of training a noise predictor computes.
 *
 * @param unet the network; its sample size is the images' height and width
 * @param batchSize images of a step
 * @param objective what the network is trained for
 * @param averages of the weights, at least one, each of another decay; the first is the one to
 *     sample with
 */
public record TrainStepConfig(
    UNetConfig unet,
    int batchSize,
    Objective objective,
    Adam adam,
    GradientClipping clipping,
    List<Ema> averages)
    implements TrainTask {
  private static final String TIMESTEP = "timestep";
  private static final String NOISE = "noise";

  /** Refuses an empty batch, a network of unknown image size, and the same average twice. */
  public TrainStepConfig {
    averages = List.copyOf(averages);
    TrainTask.requireStep(batchSize, averages);
    requireTrainable(unet);
    if (unet.sampleSize() < 1) {
      throw new IllegalArgumentException("sample_size: expected a known size, found none");
    }
    int channels = objective.outputChannels(unet.inChannels());
    if (unet.outChannels() != channels) {
      throw new IllegalArgumentException(
          "out_channels: expected "
              + channels
              + (objective.varianceType().isLearned()
                  ? ", twice in_channels, for prediction and variance"
                  : ", as many as in_channels, since the prediction has the image's shape")
              + ", found "
              + unet.outChannels());
    }
    if (objective.isGuided() && (unet.numClassEmbeds() < 2 || unet.dropout() > 0)) {
      throw new IllegalArgumentException(
          "model guidance: expected a network without dropout that is told classes and a null"
              + " class, found num_class_embeds "
              + unet.numClassEmbeds()
              + " and dropout "
              + unet.dropout());
    }
  }

  /**
   * Refuses networks that cannot be told what a step tells: a timestep from 0 on, and the number of
   * a class.
   *
   * @throws IllegalArgumentException naming the field of the network's config
   */
  public static void requireTrainable(UNetConfig unet) {
    if (unet.timeEmbedding() == UNetConfig.TimeEmbedding.FOURIER) {
      throw new IllegalArgumentException(
          "U-Net config: time_embedding_type: expected positional or learned for training, found"
              + " fourier, which takes the logarithm of timesteps, and the first one is 0");
    }
    if (unet.classEmbedding() != ClassEmbedding.TABLE) {
      throw new IllegalArgumentException(
          "U-Net config: class_embed_type: expected null for training, since classes are numbers"
              + " of rows in a table, found "
              + unet.classEmbedding().toString().toLowerCase(Locale.ROOT));
    }
    unet.sampleSize(); // of squares only
  }

  /** For L_simple, with one average of the weights. */
  public TrainStepConfig(
      UNetConfig unet,
      int batchSize,
      NoiseSchedule schedule,
      PredictionType predictionType,
      Adam adam,
      GradientClipping clipping,
      Ema ema) {
    this(unet, batchSize, Objective.simple(schedule, predictionType), adam, clipping, List.of(ema));
  }

  /** The same step of another number of images. */
  public TrainStepConfig withBatchSize(int images) {
    return new TrainStepConfig(unet, images, objective, adam, clipping, averages);
  }

  @Override
  public Collection<Parameters.Spec> parameters() {
    return UNet.parameters(unet).specs().values();
  }

  /**
   * What a step is given.
   *
   * <pre>
   * images        uint8 (n, C, H, W), black is 0
   * timestep      int64 (n), 0 to T-1
   * noise         float (n, C, H, W), standard normal
   * class_labels  int64 (n), in a class-conditional network only
   * </pre>
   */
  @Override
  public Map<String, TensorType> inputs(int images) {
    int size = unet.sampleSize();
    TensorType pixels = TrainTask.pixels(images, unet.inChannels(), size, size);
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put(IMAGES, pixels);
    inputs.put(TIMESTEP, new TensorType(DataType.INT64, Shape.of(images)));
    inputs.put(NOISE, new TensorType(DataType.FLOAT, pixels.shape()));
    if (unet.numClassEmbeds() > 0) {
      inputs.put(CLASS_LABELS, new TensorType(DataType.INT64, Shape.of(images)));
    }
    return inputs;
  }

  @Override
  public long elements() {
    return (long) unet.blockOutChannels().get(0) * unet.sampleSize() * unet.sampleSize();
  }

  @Override
  public boolean hasDropout() {
    return unet.dropout() > 0;
  }

  @Override
  public Loss loss(Ops o, Parameters weights, Given given) {
    Map<String, Value> in = given.inputs();
    Value timestep = in.get(TIMESTEP);
    Value x0 = o.add(o.mul(o.cast(in.get(IMAGES), DataType.FLOAT), 2.0 / 255), -1);
    Objective.Images images = new Objective.Images(x0, in.get(NOISE), timestep);
    Value xt = objective.noisy(o, images);
    UNet.Inputs inputs = new UNet.Inputs(xt, timestep, in.get(CLASS_LABELS), given.dropout());
    Value predicted = UNet.build(o, unet, weights, inputs);
    Objective.Loss loss =
        objective.isGuided()
            ? objective.guidedLoss(
                o, images, predicted, unconditional(o, weights, inputs), given.sampleWeight())
            : objective.loss(o, images, predicted, given.sampleWeight());
    return new Loss(predicted, loss.perImage(), loss.gradient());
  }

  /** What the network predicts for the null class, which has the last row of the table. */
  private Value unconditional(Ops o, Parameters weights, UNet.Inputs of) {
    long[] none = new long[Math.toIntExact(of.timestep().shape().size(0))];
    Arrays.fill(none, unet.numClassEmbeds() - 1);
    Value label = o.constant(TensorData.longs(none));
    return UNet.build(o, unet, weights, of.sample(), of.timestep(), label);
  }
}
