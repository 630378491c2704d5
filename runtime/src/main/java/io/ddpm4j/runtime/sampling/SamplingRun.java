package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of one run of a sampler over one batch: buffers, noise, listener, cancellation. Not
 * thread-safe. All buffers are allocated here once; no step allocates, unless there is a listener.
 *
 * <p>The sampler computes on {@link #x}, a heap array; {@link #predict} passes it through two
 * direct buffers that a native model can wrap once for the whole run.
 */
public final class SamplingRun {
  private final int images;
  private final int elements;
  private final int stride;
  private final float[] x;
  private final float[] output;
  private final float[] predictedX0;
  private final float[] noise;
  private final FloatBuffer inputBuffer;
  private final FloatBuffer outputBuffer;
  private final NoiseSource noiseSource;
  private final StepListener listener; // null: nobody watches
  private Cancellation cancellation;
  private final RunStart start;
  private final KnownPixels known; // null: none
  private final List<float[]> buffers = new ArrayList<>();
  private long firstImage;
  private int wanted; // of the images: the rest only fills the batch
  private int draw;
  private NoiseLevels levels; // of the method that runs; null: it keeps known pixels itself
  private int nextStep; // of those levels
  private int firstCall; // of the method's whole grid
  private int callsDone;

  private SamplingRun(Builder builder) {
    this.images = builder.images;
    this.wanted = builder.images;
    int outputSize = builder.outputSize();
    this.stride = outputSize / images;
    this.elements = builder.learnsVariance ? stride / 2 : stride;
    int size = images * elements;
    this.x = new float[size];
    this.output = new float[outputSize];
    this.predictedX0 = new float[size];
    this.noise = new float[size];
    this.inputBuffer = direct(size);
    this.outputBuffer = direct(outputSize);
    this.noiseSource = builder.noise;
    this.listener = builder.listener;
    this.cancellation = builder.cancellation;
    this.firstImage = builder.firstImage;
    this.start = builder.start;
    start.check(elements);
    this.known =
        builder.known == null
            ? null
            : new KnownPixels(
                builder.known,
                new int[] {images, builder.channels, builder.height, builder.width},
                firstImage);
  }

  /** Starts a description of a run over N images of C·H·W. */
  public static Builder builder(int images, int channels, int height, int width) {
    return new Builder(images, channels, height, width);
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** What a run needs; the noise of seed 0, no listener and no learned variance by default. */
  public static final class Builder {
    private final int images;
    private final int channels;
    private final int height;
    private final int width;
    private long firstImage;
    private NoiseSource noise = NoiseSource.ofSeed(0);
    private StepListener listener;
    private Cancellation cancellation = new Cancellation();
    private boolean learnsVariance;
    private RunStart start = RunStart.noise();
    private KnownImage known;

    private Builder(int images, int channels, int height, int width) {
      if (images < 1 || channels < 1 || height < 1 || width < 1) {
        throw new IllegalArgumentException(
            "shape: expected extents of at least 1, found [%d, %d, %d, %d]"
                .formatted(images, channels, height, width));
      }
      this.images = images;
      this.channels = channels;
      this.height = height;
      this.width = width;
    }

    /** The number of the first image within the generation, by which it gets its noise. */
    public Builder firstImage(long number) {
      this.firstImage = number;
      return this;
    }

    /** Noise that belongs to the image, from a seed. */
    public Builder seed(long seed) {
      return noise(NoiseSource.ofSeed(seed));
    }

    /** Where the noise comes from. */
    public Builder noise(NoiseSource source) {
      this.noise = source;
      return this;
    }

    /** Who watches; null for nobody. */
    public Builder listener(StepListener watcher) {
      this.listener = watcher;
      return this;
    }

    /** What may stop the run. */
    public Builder cancellation(Cancellation token) {
      this.cancellation = token;
      return this;
    }

    /** Whether the model's output has 2C channels, the second half for the variance. */
    public Builder learnsVariance(boolean learns) {
      this.learnsVariance = learns;
      return this;
    }

    /** What the run starts from; noise by default. */
    public Builder start(RunStart from) {
      this.start = from;
      return this;
    }

    /** What is known of the images, which then stays so; null for nothing. */
    public Builder known(KnownImage image) {
      this.known = image;
      return this;
    }

    /** Values of the model's output, N·C·H·W or twice that: its buffer ends at 2 GB. */
    private int outputSize() {
      try {
        long values = Math.multiplyExact((long) images * channels, (long) height * width);
        long bytes = Math.multiplyExact(values, (learnsVariance ? 2L : 1L) * Float.BYTES);
        return Math.toIntExact(bytes) / Float.BYTES;
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape: expected extents whose buffers take less than 2 GB, found [%d, %d, %d, %d]"
                .formatted(images, channels, height, width),
            e);
      }
    }

    /**
     * Allocates the run.
     *
     * @throws IllegalArgumentException if its buffers would take 2 GB or more
     */
    public SamplingRun build() {
      return new SamplingRun(this);
    }
  }

  /** N. */
  public int images() {
    return images;
  }

  /** C·H·W: values per image in {@link #x}. */
  public int elements() {
    return elements;
  }

  /** Values per image in the model's output: C·H·W, or twice that where the variance is learned. */
  public int stride() {
    return stride;
  }

  /** x, (N, C, H, W): noise at first, the images in the end. The run's own array. */
  public float[] x() {
    return x;
  }

  /** The predicted x_0, (N, C, H, W), which the sampler keeps up to date. The run's own array. */
  public float[] predictedX0() {
    return predictedX0;
  }

  /** The known image, (N, C, H, W), null if there is none. The run's own array. */
  public float[] knownImage() {
    return known == null ? null : known.image();
  }

  /** Where it is kept, 0 to 1, (N, C, H, W), null if there is none. The run's own array. */
  public float[] knownMask() {
    return known == null ? null : known.mask();
  }

  /** The direct buffer that {@link #predict} hands to the model as x. */
  public FloatBuffer inputBuffer() {
    return inputBuffer;
  }

  /** The direct buffer that {@link #predict} hands to the model for its output. */
  public FloatBuffer outputBuffer() {
    return outputBuffer;
  }

  /** Makes the run ready for another batch of the same size. */
  public void restart(long newFirstImage) {
    restart(newFirstImage, images);
  }

  /**
   * Makes the run ready for another batch.
   *
   * @param count how many of its images are wanted; the listener sees no others
   */
  public void restart(long newFirstImage, int count) {
    if (count < 1 || count > images) {
      throw new IllegalArgumentException(
          "images: expected 1 to " + images + " of the batch, found " + count);
    }
    firstImage = newFirstImage;
    wanted = count;
    if (known != null) {
      known.moveTo(newFirstImage);
    }
    rewind();
  }

  /**
   * The same with another token.
   *
   * @param token what may stop the run from now on
   */
  public void restart(long newFirstImage, int count, Cancellation token) {
    cancellation = token;
    restart(newFirstImage, count);
  }

  private void rewind() {
    draw = 0;
    levels = null;
    firstCall = 0;
    callsDone = 0;
  }

  /**
   * The step that a run of this many steps begins with: 0, or where it starts from an image, one
   * that {@link RunStart#strength} says.
   */
  public int firstStep(int steps) {
    return start.firstStep(steps);
  }

  /**
   * Sets x to what a run starts from, and tells the listener. Known pixels are kept from now on,
   * after every step.
   *
   * @param method how the method mixes image and noise before each step
   * @param noiseSigma the deviation of pure noise, where the run starts from that
   * @return the step to begin with
   */
  public int start(NoiseLevels method, double noiseSigma) {
    int first = firstStep(method.steps());
    startAt(method, first, noiseSigma);
    return first;
  }

  /** The same for a method that has chosen the step to begin with. */
  void startAt(NoiseLevels method, int first, double noiseSigma) {
    rewind();
    if (start.isNoise()) {
      Vectors.combine(x, noiseSigma, nextNoise());
    } else {
      start.fill(x, firstImage, elements);
      if (start.isNoisy()) {
        Vectors.combine(x, method.scale(first), x);
      } else {
        Vectors.combine(x, method.signal(first), x, method.noise(first), nextNoise());
      }
    }
    levels = method;
    nextStep = first + 1;
    firstCall = method.calls(first);
    if (known != null) {
      known.noise(draw == 0 ? nextNoise() : noise);
      known.keep(x, levels, first);
    }
    tellStart();
  }

  /**
   * Sets x to draw 0 of the noise times {@code sigma}, and tells the listener: for methods that
   * start from nothing else and keep known pixels themselves.
   */
  public void startFromNoise(double sigma) {
    if (!start.isNoise()) {
      throw new IllegalArgumentException(
          "start: expected noise, from which this method starts alone, found an image");
    }
    rewind();
    Vectors.combine(x, sigma, nextNoise());
    tellStart();
  }

  /**
   * Sets x to what the run starts from as it is, times {@code scale}: for methods that go from the
   * image to noise, all the way and with all pixels.
   */
  void startFromImage(double scale) {
    if (known != null) {
      throw new IllegalArgumentException(
          "known image: expected none with a method that goes from the image to noise, found one");
    }
    if (start.strength() < 1) {
      throw new IllegalArgumentException(
          "strength: expected 1 with a method that goes from the image to noise, found "
              + start.strength());
    }
    if (start.isNoise()) {
      startFromNoise(scale);
      return;
    }
    rewind();
    start.fill(x, firstImage, elements);
    Vectors.combine(x, scale, x);
    tellStart();
  }

  private void tellStart() {
    if (listener != null) {
      listener.onStart(new StepListener.Start(firstImage, wanted, view(x)));
    }
  }

  /** The next draw of noise, (N, C, H, W). The run's own array, filled anew by every call. */
  public float[] nextNoise() {
    noiseSource.fill(noise, firstImage, wanted, elements, draw++);
    return noise;
  }

  /**
   * Calls the model on x.
   *
   * @return its output, {@link #stride} values per image. The run's own array, filled anew by every
   *     call
   * @throws java.util.concurrent.CancellationException if the run was cancelled
   * @throws IllegalStateException if the output holds an infinity or NaN, which would otherwise end
   *     as a black image; the message names model, step and image
   */
  public float[] predict(EpsilonModel model, double timestep) {
    return predict(model, timestep, 1);
  }

  /**
   * Calls the model on x times {@code scale}: the input of a network that was trained on
   * variance-preserving samples, where x is kept as x_0 + σ·ε.
   */
  public float[] predict(EpsilonModel model, double timestep, double scale) {
    cancellation.throwIfCancelled();
    if (scale == 1) {
      inputBuffer.put(0, x);
    } else {
      float factor = (float) scale;
      for (int i = 0; i < x.length; i++) {
        inputBuffer.put(i, factor * x[i]);
      }
    }
    model.predict(inputBuffer, images, timestep, outputBuffer);
    outputBuffer.get(0, output);
    requireFinite(model, timestep);
    return output;
  }

  private void requireFinite(EpsilonModel model, double timestep) {
    for (int i = 0; i < wanted * stride; i++) {
      if (!Float.isFinite(output[i])) {
        throw new IllegalStateException(
            "%s: expected finite numbers, found %s in image %d at step %d (timestep %s)"
                .formatted(
                    model.name(),
                    output[i],
                    firstImage + i / stride,
                    callsDone + 1,
                    timestep == Math.rint(timestep) ? "" + (long) timestep : "" + timestep));
      }
    }
  }

  /**
   * An array of the size of {@link #x} for a method's own use, allocated at its first use and kept
   * for the whole run: history, derivatives. What it holds at first is undefined.
   *
   * @param index small, from 0
   */
  public float[] buffer(int index) {
    while (buffers.size() <= index) {
      buffers.add(new float[x.length]);
    }
    return buffers.get(index);
  }

  /**
   * Sets {@link #predictedX0} to {@code a}·x + {@code b}·output, clipped.
   *
   * @param modelOutput {@link #stride} values per image
   */
  void predictX0(Clipping clipping, double a, double b, float[] modelOutput) {
    Vectors.combineStrided(predictedX0, a, x, b, modelOutput, elements, stride);
    clipping.apply(predictedX0, elements, noise); // the noise is drawn after this
  }

  /** The model's output as an array like x: without the learned variance, if it has one. */
  float[] withoutVariance(float[] modelOutput) {
    for (int image = 1; image < images && stride > elements; image++) {
      System.arraycopy(modelOutput, image * stride, modelOutput, image * elements, elements);
    }
    return modelOutput;
  }

  /**
   * Says that a call of the model has been used: known pixels are put back at the end of a step,
   * and the listener is told.
   *
   * @param index the call, from 0, of all that the method's grid has
   * @param count how many those are
   */
  public void stepDone(int index, int count, double timestep) {
    callsDone = index - firstCall + 1;
    if (known != null && levels != null && index + 1 == levels.calls(nextStep)) {
      known.keep(x, levels, nextStep++);
    }
    if (listener != null) {
      listener.onStep(
          new StepListener.Step(
              index - firstCall,
              count - firstCall,
              timestep,
              firstImage,
              wanted,
              view(x),
              view(predictedX0)));
    }
  }

  /** Puts known pixels into the result: for methods that change x after their last step. */
  void keepKnown() {
    if (known != null) {
      known.keep(x, levels, levels.steps());
    }
  }

  /** The calls of the model since the start. */
  public int callsDone() {
    return callsDone;
  }

  private FloatBuffer view(float[] values) {
    return FloatBuffer.wrap(values, 0, wanted * elements).slice().asReadOnlyBuffer();
  }
}
