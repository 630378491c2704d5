package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelBuffers;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.KnownImage;
import io.ddpm4j.runtime.sampling.RunStart;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplingRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One call of the pipeline: makes the images of a request, batch by batch. For one thread, once.
 */
final class Generation {
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8; // a JVM may refuse the last few

  private final DiffusionPipeline pipeline;
  private final OnnxEpsilonModel model;
  private final GenerationRequest request;
  private final Sampler sampler;
  private final ClassAssignment classes;
  private final GenerationText text;
  private final ImageShape shape;
  private final RunStart start;
  private final KnownImage known; // null: none
  private final NoiseSource noise;
  private SamplingRun run; // of the last batch, for the next of its size
  private Supplier<LentModel> lender; // over memory that goes with the run
  private long sessionNanos;
  private int done;
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

  /**
   * Checks all that can be checked before the first step.
   *
   * @param method which need not be the pipeline's own
   */
  Generation(
      DiffusionPipeline pipeline,
      OnnxEpsilonModel model,
      GenerationRequest request,
      SamplingMethod method) {
    this.pipeline = pipeline;
    this.model = model;
    this.request = request;
    this.sampler = method.sampler();
    this.classes = ClassAssignment.of(request, model);
    this.text = new GenerationText(pipeline, model, request, method, classes);
    this.shape = pipeline.imageShape();
    this.start = RequestImages.start(request, shape, pipeline.valueRange());
    this.known = RequestImages.known(request, shape, pipeline.valueRange());
    this.noise = request.noise();
    if (start.isNoise() && sampler.isInverse()) {
      throw new IllegalArgumentException(
          "image: expected one to start from, since %s goes from images to noise, found none"
              .formatted(sampler.name()));
    }
    if (!start.isNoise() && sampler.startsFromImages()) {
      start.firstStep(sampler.levels(pipeline.schedule()).steps()); // refuses a strength of no step
    }
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
  void run(Cancellation token, Taker taker) {
    while (!isDone()) {
      next(token, taker);
    }
  }

  /** Whether all images are made. */
  boolean isDone() {
    return done == request.images();
  }

  /** Makes the next batch. Nothing of the session stays lent between batches. */
  void next(Cancellation token, Taker taker) {
    int kept = Math.min(batchSize(), request.images() - done);
    SamplingRun batch = runOf(model.signature().fixedBatch() > 0 ? batchSize() : kept);
    long number = request.firstImage() + done;
    batch.restart(number, kept, token);
    try (LentModel lent = lend(token)) {
      if (classes.isConditional()) {
        lent.classLabels(classes.labels(number, kept));
      }
      sampler.sample(lent, pipeline.schedule(), batch);
      sessionNanos += lent.sessionNanos();
    }
    requireFinite(batch, number, kept);
    int first = done;
    done += kept;
    batches++;
    taker.take(first, kept, batch.x());
  }

  /** Under guidance each image goes through the network twice. */
  private int batchSize() {
    boolean twice = classes.isGuided() && model.signature().fixedBatch() < 1;
    return twice ? Math.max(1, pipeline.batchSize() / 2) : pipeline.batchSize();
  }

  private SamplingRun runOf(int size) {
    if (run == null || run.images() != size) {
      run =
          SamplingRun.builder(size, shape.channels(), shape.height(), shape.width())
              .noise(noise)
              .start(start)
              .known(known)
              .learnsVariance(pipeline.learnsVariance())
              .listener(request.listener().orElse(null))
              .build();
      lender = lender(run);
    }
    return run;
  }

  /** Where the pipeline was closed between two batches, the token says so and not the model. */
  private LentModel lend(Cancellation token) {
    token.throwIfCancelled();
    try {
      return lender.get();
    } catch (IllegalStateException e) {
      token.throwIfCancelled(); // closed just now
      throw e;
    }
  }

  /** Binds the session for a batch; the memory that it binds is here, for all batches. */
  private Supplier<LentModel> lender(SamplingRun batch) {
    long[] extents = {batch.images(), shape.channels(), shape.height(), shape.width()};
    if (classes.isGuided()) {
      GuidedModel.Memory memory = new GuidedModel.Memory(model, batch, extents);
      double scale = request.guidance().scale();
      return () -> new GuidedModel(model, memory, scale, classes.awayFrom());
    }
    ModelBuffers buffers = model.buffers(batch.inputBuffer(), batch.outputBuffer(), extents);
    return () -> LentModel.of(model.bind(buffers));
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

  /** What makes all images of this request again. */
  Map<String, String> parameters() {
    return text.of(request.firstImage(), request.images());
  }

  /** Images of this request, with their numbers and parameters. */
  ImageBatch images(int first, int count, float[] values) {
    long number = request.firstImage() + first;
    int length = Math.multiplyExact(count, elements(shape));
    GenerationText source = text; // alone: the images do not keep this run alive
    return ImageBatch.of(
            values.length == length ? values : Arrays.copyOf(values, length),
            pipeline.valueRange(),
            count,
            shape.channels(),
            shape.height(),
            shape.width())
        .withFirstImage(number)
        .withText(() -> source.of(number, count));
  }

  /** The same one by one. */
  List<ImageBatch> each(int first, int count, float[] values) {
    int elements = elements(shape);
    List<ImageBatch> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(images(first + i, 1, Arrays.copyOfRange(values, i * elements, (i + 1) * elements)));
    }
    return all;
  }

  /** Calls of the network for a batch. */
  int steps() {
    return run.callsDone();
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
