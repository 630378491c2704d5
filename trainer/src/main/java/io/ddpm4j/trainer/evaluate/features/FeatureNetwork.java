package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.exporter.proto.ModelParts;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.model.TensorSpec;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Sha256;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Any ONNX image network as a source of features. Its one input are images, (N, C, H, W) or (N, H,
 * W, C), of float, float16, bfloat16, double or uint8, of one or three channels and any size, fixed
 * or open. Images are brought to it: grey becomes red, green and blue, colour its luma, another
 * size is resized ({@link ResizeFilter}), the levels 0 to 255 become the values it takes ({@link
 * PixelScale}). Generated images are rounded to such levels before, so that an image counts the
 * same from memory and from its PNG file.
 *
 * <p>Every run is of a whole batch; where images run out it is filled with black ones. So the
 * features of an image do not depend on how many images come with it.
 *
 * <p>Thread-safe; {@link #close} is idempotent.
 */
public final class FeatureNetwork implements AutoCloseable {
  private final OnnxModel model;
  private final FeatureOptions options;
  private final FeatureInput input;
  private final FeatureOutput features;
  private final FeatureOutput logits; // null: none
  private final PixelScale scale;
  private final List<String> classNames;
  private final String where; // data beside the model, and the device: part of the identity

  private FeatureNetwork(OnnxModel model, FeatureOptions options, String where) throws IOException {
    this.model = model;
    this.where = where;
    this.options = options;
    String file = model.name();
    this.input = FeatureInput.find(file, model.inputs());
    String output = FeatureOutput.find(file, options.output(), model.outputs());
    this.features = new FeatureOutput(file, output, input.channelsLast(), options.pooling());
    this.logits =
        !output.equals(FeatureOutput.LOGITS)
                && model.outputs().stream().anyMatch(FeatureNetwork::isLogits)
            ? new FeatureOutput(file, FeatureOutput.LOGITS, false, false)
            : null;
    FeatureMetadata metadata = FeatureMetadata.parse(file, model.metadata());
    this.classNames = metadata.classNames();
    this.scale = scale(metadata);
    if (scale.channels() != 0 && input.channels() != 0 && scale.channels() != input.channels()) {
      throw new ModelFormatException(
          "%s: pixel scale: expected one for %d channels, found one for %d"
              .formatted(file, input.channels(), scale.channels()));
    }
    requireSize(input.height());
    requireSize(input.width());
  }

  private static boolean isLogits(TensorSpec spec) {
    return spec.name().equals(FeatureOutput.LOGITS) && spec.isFloat();
  }

  private PixelScale scale(FeatureMetadata metadata) throws ModelFormatException {
    Optional<PixelScale> given = options.scale().or(metadata::scale);
    if (input.takesBytes()) {
      if (!given.orElse(PixelScale.LEVELS).equals(PixelScale.LEVELS)) {
        throw new ModelFormatException(
            "%s: input %s: expected the pixel scale 0,255 for uint8, found another"
                .formatted(model.name(), input.name()));
      }
      return PixelScale.LEVELS;
    }
    if (given.isEmpty()) {
      throw ModelFormatException.lacking(
          "scale",
          model.name()
              + ": expected the values of black and white in the file's metadata (ddpm4j.image) or given beside it (such as 0,1, -1,1, 0,255 or imagenet), found neither");
    }
    return given.get();
  }

  private void requireSize(int fixed) {
    if (fixed != 0 && options.size() != 0 && fixed != options.size()) {
      throw new IllegalArgumentException(
          "size: expected %d, which %s is made for, found %d"
              .formatted(fixed, model.name(), options.size()));
    }
  }

  /**
   * Opens a network.
   *
   * @param file an ONNX file
   * @throws ModelFormatException if the file is no ONNX or no feature network, or leaves a choice
   *     that the options do not make
   * @throws IOException if the file is missing or cannot be read
   */
  public static FeatureNetwork open(Path file, FeatureOptions options, SessionSettings settings)
      throws IOException {
    List<Path> parts = ModelParts.of(file);
    String data = parts.size() == 1 ? "" : " data=" + Sha256.of(parts.subList(1, parts.size()));
    return open(OnnxModel.open(file, settings), options, data + device(settings));
  }

  /**
   * Opens a network from memory.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #open(Path, FeatureOptions, SessionSettings)}
   */
  public static FeatureNetwork open(
      byte[] model, String name, FeatureOptions options, SessionSettings settings)
      throws IOException {
    return open(OnnxModel.open(model, name, settings), options, device(settings));
  }

  /** Another device rounds otherwise, CUDA even to ten bits. */
  private static String device(SessionSettings settings) {
    Device device = settings.device();
    return device.equals(Device.cpu()) ? "" : " device=" + device;
  }

  private static FeatureNetwork open(OnnxModel model, FeatureOptions options, String where)
      throws IOException {
    try {
      return new FeatureNetwork(model, options, where);
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** The file as it was named, for messages. */
  public String name() {
    return model.name();
  }

  /** The name of the output that is taken as the features. */
  public String output() {
    return features.name();
  }

  /**
   * What decides the features of an image: the hash of the file, and of those beside it that hold
   * its data, the device, and all that was chosen. A cache of features is worth something as long
   * as this stays the same. Empty if the file has changed since it was opened.
   */
  public Optional<String> identity() {
    return model
        .sha256()
        .map(
            hash ->
                "%s%s output=%s offsets=%s slopes=%s filter=%s size=%d pooling=%s batch=%d"
                    .formatted(
                        hash,
                        where,
                        features.name(),
                        scale.offsets(),
                        scale.slopes(),
                        options.filter(),
                        options.size(),
                        options.pooling(),
                        batchSize()));
  }

  /** The class names of the logits; empty if the file names none. */
  public List<String> classNames() {
    return classNames;
  }

  /** Whether there are logits beside the features: an output of the name {@code logits}. */
  public boolean hasLogits() {
    return logits != null;
  }

  /** Images in a run; other numbers of images leave some of it unused. */
  public int batchSize() {
    return input.batch() == 0 ? options.batchSize() : input.batch();
  }

  /**
   * The features of all images of a data set, in its order, streamed: in memory is a batch of them.
   *
   * @throws ModelFormatException if an output is no row for each image
   * @throws CancellationException if the work was cancelled
   * @throws IllegalStateException if a feature is not finite, or ONNX Runtime fails
   */
  public NetworkOutput extract(ImageDataset images, Work work) throws ModelFormatException {
    int[] shape = {images.channels(), images.height(), images.width()};
    return extract(images.size(), shape, images::read, work);
  }

  /**
   * The features of the images of a data set from {@code from} on, {@code count} of them.
   *
   * @param count at least 1
   * @throws ModelFormatException as {@link #extract(ImageDataset, Work)}
   */
  public NetworkOutput extract(ImageDataset images, int from, int count, Work work)
      throws ModelFormatException {
    int[] shape = {images.channels(), images.height(), images.width()};
    Objects.checkFromIndexSize(from, count, images.size());
    return extract(count, shape, (i, to, offset) -> images.read(from + i, to, offset), work);
  }

  /**
   * The features of generated images, rounded to 256 levels.
   *
   * @throws ModelFormatException as {@link #extract(ImageDataset, Work)}
   * @throws IllegalArgumentException if the images have another number of channels than 1 or 3
   */
  public NetworkOutput extract(ImageBatch images, Work work) throws ModelFormatException {
    int[] shape = {images.channels(), images.height(), images.width()};
    return extract(
        images.images(),
        shape,
        (i, to, offset) -> {
          byte[] levels = images.bytes(i);
          System.arraycopy(levels, 0, to, offset, levels.length);
        },
        work);
  }

  /** Gives images by number. */
  private interface Source {
    void read(int image, byte[] to, int offset);
  }

  private NetworkOutput extract(int count, int[] shape, Source source, Work work)
      throws ModelFormatException {
    if (count < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + count);
    }
    if (shape[0] != 1 && shape[0] != 3) {
      throw new IllegalArgumentException(
          "images: expected 1 or 3 channels for a feature network, found " + shape[0]);
    }
    if (scale.channels() != 0 && scale.channels() != target(shape)[0]) {
      throw new IllegalArgumentException(
          "pixel scale: expected one for %d channels, found one for %d"
              .formatted(target(shape)[0], scale.channels()));
    }
    int[] to = target(shape);
    ImagePreparation preparation =
        new ImagePreparation(shape, to, input.channelsLast(), scale, options.filter());
    byte[] image = new byte[Math.multiplyExact(shape[0], Math.multiplyExact(shape[1], shape[2]))];
    int batch = batchSize();
    int elements = preparation.elements();
    float[] values = new float[Math.multiplyExact(batch, elements)];
    Rows featureRows = new Rows(count);
    Rows logitRows = new Rows(count);
    for (int from = 0; from < count; from += batch) {
      work.cancellation().throwIfCancelled();
      int here = Math.min(batch, count - from);
      for (int i = 0; i < batch; i++) {
        if (i < here) {
          source.read(from + i, image, 0);
        } else if (i == here) {
          Arrays.fill(image, (byte) 0);
        }
        preparation.prepare(image, values, i * elements);
      }
      Map<String, NumpyArray> result = run(values, to);
      featureRows.add(features.rows(result.get(features.name()), batch), batch, from, here);
      if (logits != null) {
        logitRows.add(logits.rows(result.get(FeatureOutput.LOGITS), batch), batch, from, here);
      }
      work.progress().advanced("features", from + here, count);
    }
    return new NetworkOutput(
        matrix(featureRows, features.name()),
        logits == null ? Optional.empty() : Optional.of(matrix(logitRows, FeatureOutput.LOGITS)));
  }

  /** C, H and W of the images as the network is given them. */
  private int[] target(int[] shape) {
    int side = options.size();
    return new int[] {
      input.channels() == 0 ? openChannels(shape[0]) : input.channels(),
      input.height() != 0 ? input.height() : side != 0 ? side : shape[1],
      input.width() != 0 ? input.width() : side != 0 ? side : shape[2]
    };
  }

  /** A network that leaves them open is given what its pixel scale is for, or the images' own. */
  private int openChannels(int own) {
    return scale.channels() == 0 ? own : scale.channels();
  }

  private Map<String, NumpyArray> run(float[] values, int[] to) {
    long[] shape =
        input.channelsLast()
            ? new long[] {batchSize(), to[1], to[2], to[0]}
            : new long[] {batchSize(), to[0], to[1], to[2]};
    List<String> wanted = new ArrayList<>(List.of(features.name()));
    if (logits != null) {
      wanted.add(FeatureOutput.LOGITS);
    }
    return model.run(Map.of(input.name(), input.tensor(values, shape)), wanted);
  }

  private Features matrix(Rows rows, String output) {
    try {
      return Features.owning(rows.values, rows.count, rows.width);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "%s: output %s: %s".formatted(model.name(), output, e.getMessage()), e);
    }
  }

  /** A matrix whose width is known when the first rows come. */
  private static final class Rows {
    private final int count;
    private float[] values;
    private int width;

    Rows(int count) {
      this.count = count;
    }

    void add(float[] batchRows, int batch, int from, int rows) {
      if (values == null) {
        width = batchRows.length / batch;
        values = new float[Math.multiplyExact(count, width)];
      }
      System.arraycopy(batchRows, 0, values, from * width, rows * width);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
