package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.SamplingRun;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** One call of generate: makes the images of a request, batch by batch. For one thread, once. */
final class Generation {
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8; // a JVM may refuse the last few

  private final DiffusionPipeline pipeline;
  private final OnnxEpsilonModel model;
  private final GenerationRequest request;
  private final ClassAssignment classes;
  private final Cancellation token;
  private final ImageShape shape;
  private long sessionNanos;
  private int batches;

  /** Receives a batch; the array is the run's own and valid during the call. */
  interface Taker {
    /**
     * Takes {@code count} images.
     *
     * @param first the index of the first one within the request
     * @param x (N, C, H, W) with N of at least {@code count}
     */
    void take(int first, int count, float[] x);
  }

  Generation(
      DiffusionPipeline pipeline,
      OnnxEpsilonModel model,
      GenerationRequest request,
      Cancellation token) {
    this.pipeline = pipeline;
    this.model = model;
    this.request = request;
    this.classes = ClassAssignment.of(request, model);
    this.token = token;
    this.shape = pipeline.imageShape();
  }

  /** Values of one image. */
  static int elements(ImageShape shape) {
    return Math.multiplyExact(Math.multiplyExact(shape.channels(), shape.height()), shape.width());
  }

  /**
   * Refuses more images than can lie in memory together.
   *
   * @param heap bytes that the JVM may use
   */
  static void requireRoom(int images, ImageShape shape, long heap) {
    // The values and the copy that the result owns.
    long most = Math.min(LONGEST_ARRAY, heap / (2 * Float.BYTES)) / elements(shape);
    if (images > most) {
      throw new IllegalArgumentException(
          "images: expected at most %d of %dx%dx%d in one request with %d MB of memory for Java, found %d; ask for them in several requests or take them batch by batch"
              .formatted(
                  most, shape.channels(), shape.height(), shape.width(), heap >> 20, images));
    }
  }

  /** Makes all images. */
  void run(Taker taker) {
    int size = pipeline.batchSize();
    int whole = request.images() / size * size;
    int rest = request.images() - whole;
    batches(0, whole, size, taker);
    batches(whole, rest, model.signature().fixedBatch() > 0 ? size : rest, taker);
  }

  /** Batches of one size over the same buffers; of the last, only the asked-for images count. */
  private void batches(int from, int count, int size, Taker taker) {
    if (count == 0) {
      return;
    }
    SamplingRun run =
        SamplingRun.builder(size, shape.channels(), shape.height(), shape.width())
            .seed(request.seed())
            .learnsVariance(pipeline.learnsVariance())
            .listener(request.listener().orElse(null))
            .cancellation(token)
            .build();
    try (BoundModel bound =
        model.bind(
            run.inputBuffer(),
            run.outputBuffer(),
            size,
            shape.channels(),
            shape.height(),
            shape.width())) {
      for (int first = from; first < from + count; first += size) {
        long number = request.firstImage() + first;
        int kept = Math.min(size, from + count - first);
        run.restart(number, kept);
        if (classes.isConditional()) {
          bound.classLabels(classes.labels(number, kept), 0);
        }
        pipeline.sampler().sample(bound, pipeline.schedule(), run);
        requireFinite(run, number, kept);
        taker.take(first, kept, run.x());
        batches++;
      }
      sessionNanos += bound.sessionNanos();
    }
  }

  /** The run checks the network's output; what became of it at the last step is checked here. */
  private void requireFinite(SamplingRun run, long number, int kept) {
    for (int i = 0; i < kept * run.elements(); i++) {
      if (!Float.isFinite(run.x()[i])) {
        throw new IllegalStateException(
            "%s: expected finite numbers, found %s in image %d after the last step"
                .formatted(model.name(), run.x()[i], number + i / run.elements()));
      }
    }
  }

  /** Images of this request, with their numbers and parameters. */
  ImageBatch images(int first, int count, float[] values) {
    long number = request.firstImage() + first;
    int length = Math.multiplyExact(count, elements(shape));
    Map<String, String> parameters = parameters(number, count);
    OnnxEpsilonModel source = model; // alone: the images do not keep this run alive
    return ImageBatch.of(
            values.length == length ? values : Arrays.copyOf(values, length),
            pipeline.metadata().valueRange(),
            count,
            shape.channels(),
            shape.height(),
            shape.width())
        .withFirstImage(number)
        .withText(
            () -> {
              Map<String, String> text = new LinkedHashMap<>(parameters);
              source.sha256().ifPresent(hash -> text.put("Model-SHA256", hash));
              return text;
            });
  }

  private Map<String, String> parameters(long firstImage, int images) {
    Map<String, String> text = new LinkedHashMap<>();
    String version = DiffusionPipeline.class.getPackage().getImplementationVersion();
    text.put("Software", "ddpm4j " + (version == null ? "development" : version));
    text.put("Model", model.label());
    text.put("Seed", Long.toString(request.seed()));
    text.put("First image", Long.toString(firstImage));
    text.put("Images", Integer.toString(images));
    text.put("Sampler", pipeline.sampler().name());
    text.put("Steps", Integer.toString(pipeline.steps()));
    text.put("Device", pipeline.device());
    text.put("Scheduler", pipeline.schedulerConfig().toJson());
    if (classes.isConditional()) {
      text.put("Classes", classes.describe(firstImage, images));
    }
    return text;
  }

  /** How many batches there were. */
  int batches() {
    return batches;
  }

  /** Time inside the session. */
  long sessionNanos() {
    return sessionNanos;
  }
}
