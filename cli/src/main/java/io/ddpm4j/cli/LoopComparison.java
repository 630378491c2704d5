package io.ddpm4j.cli;

import io.ddpm4j.exporter.loop.LoopInputs;
import io.ddpm4j.runtime.image.ArrayComparison;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.TensorSpec;
import io.ddpm4j.runtime.random.ImageNoise;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What two files that hold a whole sampling loop make of the same seed. Each is given the inputs
 * that it declares: noise and the steps' noise are the draws of the seed ({@code docs/random.md}),
 * which a loop that makes its noise itself is told; labels are all classes in turn.
 */
final class LoopComparison {
  private static final float GUIDANCE = 2;
  private static final float UNGUIDED = 1;

  private final Side first;
  private final Side second;
  private final ImageNoise noise;
  private final int images;
  private final float guidance;
  private final int classes;

  /**
   * One of the two.
   *
   * @param metadata what its file says of images and classes
   */
  record Side(OnnxModel model, ModelMetadata metadata) {
    private Optional<TensorSpec> input(String name) {
      return model.inputs().stream().filter(input -> input.name().equals(name)).findFirst();
    }

    private boolean has(String name) {
      return input(name).isPresent();
    }

    /** How many images it makes, where the file fixes that. */
    private OptionalLong batch() {
      LongStream extents =
          LongStream.of(
              extent(input(LoopInputs.NOISE), 0),
              extent(input(LoopInputs.STEP_NOISE), 1),
              extent(input(LoopInputs.CLASS_LABELS), 0),
              extent(Optional.of(model.outputs().get(0)), 0));
      return extents.filter(extent -> extent > 0).findFirst();
    }

    private static long extent(Optional<TensorSpec> spec, int axis) {
      return spec.filter(each -> each.shape().size() > axis)
          .map(each -> each.shape().get(axis))
          .orElse(-1L);
    }
  }

  private LoopComparison(Side first, Side second, long seed, int images) {
    this.first = first;
    this.second = second;
    this.noise = new ImageNoise(seed);
    this.images =
        Stream.of(first, second)
            .map(Side::batch)
            .flatMapToLong(OptionalLong::stream)
            .mapToInt(Math::toIntExact)
            .findFirst()
            .orElse(images);
    boolean guided = first.has(LoopInputs.GUIDANCE) && second.has(LoopInputs.GUIDANCE);
    this.guidance = guided ? GUIDANCE : UNGUIDED;
    this.classes =
        Stream.of(first, second)
            .mapToInt(side -> side.metadata().classNames().size())
            .filter(count -> count > 0)
            .min()
            .orElse(1);
  }

  /**
   * Runs both and compares the images of the second with those of the first.
   *
   * @param images how many, where neither fixes it
   * @param rtol relative tolerance
   * @param atol absolute tolerance; bytes may differ by 1 anyway, where rounding decides
   * @throws IOException if they cannot be compared: one takes labels and the other does not, or
   *     their images are of other sizes or types; the message is one sentence
   */
  static ArrayComparison of(
      Side first, Side second, long seed, int images, double rtol, double atol) throws IOException {
    LoopComparison comparison = new LoopComparison(first, second, seed, images);
    try {
      return comparison.compare(rtol, atol);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "%s and %s: the images cannot be compared: %s"
              .formatted(first.model().name(), second.model().name(), e.getMessage()),
          e);
    }
  }

  private ArrayComparison compare(double rtol, double atol) {
    if (first.has(LoopInputs.CLASS_LABELS) != second.has(LoopInputs.CLASS_LABELS)) {
      throw new IllegalArgumentException(
          "expected two loops that take class labels, or two that do not, found %s and %s"
              .formatted(first.model().inputs(), second.model().inputs()));
    }
    NumpyArray a = images(first);
    NumpyArray b = images(second);
    if (a.type() != b.type()) {
      throw new IllegalArgumentException(
          "expected images of one type, found %s and %s".formatted(a, b));
    }
    return ArrayComparison.of(b, a, rtol, isFloat(first) ? atol : Math.max(1, atol));
  }

  private static boolean isFloat(Side side) {
    return side.model().outputs().get(0).isFloat();
  }

  private NumpyArray images(Side side) {
    Map<String, NumpyArray> inputs = new LinkedHashMap<>();
    for (TensorSpec spec : side.model().inputs()) {
      inputs.put(spec.name(), array(spec, side));
    }
    return side.model().run(inputs).get(side.model().outputs().get(0).name());
  }

  private NumpyArray array(TensorSpec spec, Side side) {
    return switch (spec.name()) {
      case LoopInputs.NOISE -> {
        long[] image = image(spec, 1, side);
        yield NumpyArray.of(draw(image, 0), images, image[0], image[1], image[2]);
      }
      case LoopInputs.STEP_NOISE -> stepNoise(spec, side);
      case LoopInputs.CLASS_LABELS ->
          spec.shape().isEmpty()
              ? NumpyArray.of(new long[] {0})
              : NumpyArray.of(
                  IntStream.range(0, images).mapToLong(k -> k % classes).toArray(), images);
      case LoopInputs.GUIDANCE -> NumpyArray.of(new float[] {guidance});
      case LoopInputs.SEED -> NumpyArray.of(new long[] {noise.seed()});
      case LoopInputs.COUNT -> NumpyArray.of(new long[] {images});
      default -> throw new IllegalArgumentException("expected inputs of a loop, found " + spec);
    };
  }

  private NumpyArray stepNoise(TensorSpec spec, Side side) {
    int steps = Math.toIntExact(spec.shape().get(0));
    long[] image = image(spec, 2, side);
    float[] all = new float[Math.multiplyExact(steps, draw(image, 0).length)];
    for (int step = 0; step < steps; step++) {
      float[] draw = draw(image, step + 1);
      System.arraycopy(draw, 0, all, step * draw.length, draw.length);
    }
    return NumpyArray.of(all, steps, images, image[0], image[1], image[2]);
  }

  private float[] draw(long[] image, int number) {
    int elements = Math.toIntExact(image[0] * image[1] * image[2]);
    float[] draw = new float[Math.multiplyExact(images, elements)];
    noise.fill(draw, 0, images, elements, number);
    return draw;
  }

  /** C, H, W, which stand from an axis on; what the input leaves open, the metadata tell. */
  private static long[] image(TensorSpec spec, int axis, Side side) {
    long[] said =
        side.metadata()
            .image()
            .map(image -> new long[] {image.channels(), image.height(), image.width()})
            .orElse(new long[] {-1, -1, -1});
    List<Long> own = spec.shape();
    for (int k = 0; k < said.length; k++) {
      said[k] = own.get(axis + k) > 0 ? own.get(axis + k) : said[k];
      if (said[k] < 0) {
        throw new IllegalArgumentException("expected images of a known size, found " + spec);
      }
    }
    return said;
  }
}
