package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.StepListener;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to generate: start with {@link #of} and add with the {@code with} methods. Immutable.
 *
 * <p>Wherever an image needs something that is given for several, image k gets that at k mod n of
 * n, where k is the number within the seed's images and not within this request: so parts of a
 * generation agree with the whole.
 */
public final class GenerationRequest {
  private final Draft draft; // never changed after the constructor

  /** What a run starts from, other than noise. */
  record SourceImage(ImageBatch images, double strength, boolean isLatent) {}

  /** What is kept of the images. */
  record Inpainting(ImageBatch images, ImageBatch mask) {}

  /** All fields; changed only in a copy that belongs to no request yet. */
  private static final class Draft implements Cloneable {
    private int images;
    private long seed;
    private long firstImage;
    private List<Integer> classLabels = List.of();
    private List<String> classNames = List.of();
    private Guidance guidance = Guidance.none();
    private SourceImage source; // null: noise
    private Inpainting inpainting; // null: none
    private NoiseGenerator generator = NoiseGenerator.PHILOX;
    private NoiseSource noise; // null: that of generator and seed
    private Duration timeout; // null: none
    private StepListener listener; // null: none
    private Cancellation cancellation = new Cancellation();

    Draft copy() {
      try {
        return (Draft) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private GenerationRequest(Draft draft) {
    this.draft = draft;
    if (draft.images < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + draft.images);
    }
    long last = Long.MAX_VALUE - draft.images;
    if (draft.firstImage < 0 || draft.firstImage > last) {
      throw new IllegalArgumentException(
          "first image: expected 0 to " + last + ", found " + draft.firstImage);
    }
    if (draft.timeout != null && (draft.timeout.isNegative() || draft.timeout.isZero())) {
      throw new IllegalArgumentException("timeout: expected above 0, found " + draft.timeout);
    }
  }

  private GenerationRequest with(Consumer<Draft> change) {
    Draft changed = draft.copy();
    change.accept(changed);
    return new GenerationRequest(changed);
  }

  /**
   * Images 0 to {@code images - 1} of a seed; of all classes in turn, if the model has any.
   *
   * @param images at least 1
   * @param seed any number
   * @throws IllegalArgumentException if {@code images} is below 1
   */
  public static GenerationRequest of(int images, long seed) {
    Draft draft = new Draft();
    draft.images = images;
    draft.seed = seed;
    return new GenerationRequest(draft);
  }

  /**
   * The same from another image number on: images 0 to 99 of a seed can be made as 0 to 49 and 50
   * to 99, on two machines, with the same noise.
   *
   * @param number 0 to {@code Long.MAX_VALUE} less the number of images
   * @throws IllegalArgumentException if it is out of range
   */
  public GenerationRequest withFirstImage(long number) {
    return with(draft -> draft.firstImage = number);
  }

  /**
   * The same with another number of images, at least 1.
   *
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public GenerationRequest withCount(int count) {
    return with(draft -> draft.images = count);
  }

  /** The same with classes by label, taken in turn. */
  public GenerationRequest withClassLabels(int... labels) {
    Objects.requireNonNull(labels, "labels");
    return with(
        draft -> {
          draft.classLabels = Arrays.stream(labels).boxed().toList();
          draft.classNames = List.of();
        });
  }

  /** The same with classes by name, taken in turn. */
  public GenerationRequest withClassNames(String... names) {
    Objects.requireNonNull(names, "names");
    for (String name : names) {
      Objects.requireNonNull(name, "name");
    }
    return with(
        draft -> {
          draft.classLabels = List.of();
          draft.classNames = List.of(names);
        });
  }

  /**
   * The same with classifier-free guidance (Ho and Salimans 2022): ε = ε_∅ + scale·(ε_c - ε_∅),
   * where ε_∅ is the prediction for the class that stands for none.
   *
   * @param scale 1 for none; about 2 to 4 for images that are more typical of their class, and less
   *     varied; more overdoes it
   */
  public GenerationRequest withGuidanceScale(double scale) {
    return withGuidance(draft.guidance.withScale(scale));
  }

  /** The same with guidance away from something else than no class. */
  public GenerationRequest withGuidance(Guidance how) {
    Objects.requireNonNull(how, "how");
    return with(draft -> draft.guidance = how);
  }

  /**
   * The same from images instead of noise (Meng et al. 2022): they get as much noise as the first
   * of the steps that are left expects.
   *
   * @param from of the model's size and channels, taken in turn
   * @param strength the part of the steps that is run, above 0 and at most 1: small values keep
   *     most of the image. Whether it is in range, and at least one of the steps, is found out when
   *     the request is generated
   */
  public GenerationRequest withImage(ImageBatch from, double strength) {
    Objects.requireNonNull(from, "from");
    return with(draft -> draft.source = new SourceImage(from, strength, false));
  }

  /**
   * The same from given x_T instead of noise, such as {@link DiffusionPipeline#encode} gives.
   *
   * @param latents standard normal, of the model's size and channels, taken in turn
   */
  public GenerationRequest withLatents(ImageBatch latents) {
    Objects.requireNonNull(latents, "latents");
    return with(draft -> draft.source = new SourceImage(latents, 1, true));
  }

  /**
   * The same with known pixels: they stay, the others are made to fit them (inpainting). The
   * sampler {@code repaint} was made for this; every other one puts the known pixels back after
   * each step.
   *
   * @param known of the model's size and channels, taken in turn
   * @param mask of the same size, 1 channel for all or one for each: white where a pixel is kept,
   *     black where it is made; grey mixes
   */
  public GenerationRequest withKnownPixels(ImageBatch known, ImageBatch mask) {
    Objects.requireNonNull(known, "known");
    Objects.requireNonNull(mask, "mask");
    return with(draft -> draft.inpainting = new Inpainting(known, mask));
  }

  /**
   * The same with another generator of noise: {@link NoiseGenerator#TORCH} makes the numbers of
   * {@code torch.manual_seed(seed)}, in the order in which diffusers' pipelines draw them for a
   * batch of {@link #images}, whatever the batches are here.
   */
  public GenerationRequest withNoiseGenerator(NoiseGenerator which) {
    Objects.requireNonNull(which, "which");
    return with(
        draft -> {
          draft.generator = which;
          draft.noise = null;
        });
  }

  /** The same with noise of any other kind; the seed is then no more than a note. */
  public GenerationRequest withNoise(NoiseSource source) {
    Objects.requireNonNull(source, "source");
    return with(draft -> draft.noise = source);
  }

  /**
   * The same with a time limit, which begins when the request is handed to the pipeline; the time
   * that it waits for others counts. Past it the generation ends as a cancelled one, with a {@link
   * io.ddpm4j.runtime.sampling.DeadlineException}.
   *
   * @param limit above 0
   * @throws IllegalArgumentException if it is 0 or negative
   */
  public GenerationRequest withTimeout(Duration limit) {
    Objects.requireNonNull(limit, "limit");
    return with(draft -> draft.timeout = limit);
  }

  /** The same with a listener, which watches every step. */
  public GenerationRequest withListener(StepListener watcher) {
    Objects.requireNonNull(watcher, "watcher");
    return with(draft -> draft.listener = watcher);
  }

  /** The same with a token that stops it. */
  public GenerationRequest withCancellation(Cancellation token) {
    Objects.requireNonNull(token, "token");
    return with(draft -> draft.cancellation = token);
  }

  /** How many, at least 1. */
  public int images() {
    return draft.images;
  }

  /** Of the noise. */
  public long seed() {
    return draft.seed;
  }

  /** The number of the first image within those of the seed. */
  public long firstImage() {
    return draft.firstImage;
  }

  /** By label; empty where they are given by name, or not at all. */
  public List<Integer> classLabels() {
    return draft.classLabels;
  }

  /** By name; empty where they are given by label, or not at all. */
  public List<String> classNames() {
    return draft.classNames;
  }

  /** How classes guide. */
  public Guidance guidance() {
    return draft.guidance;
  }

  /** Watches every step. */
  public Optional<StepListener> listener() {
    return Optional.ofNullable(draft.listener);
  }

  /** Stops it. */
  public Cancellation cancellation() {
    return draft.cancellation;
  }

  /** The time limit. */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(draft.timeout);
  }

  Optional<SourceImage> source() {
    return Optional.ofNullable(draft.source);
  }

  Optional<Inpainting> inpainting() {
    return Optional.ofNullable(draft.inpainting);
  }

  /** The generator of the noise, by the name that it has in the parameters of a picture. */
  String noiseName() {
    return draft.noise == null ? draft.generator.label() : draft.noise.toString();
  }

  /** The noise of this request. */
  NoiseSource noise() {
    if (draft.noise != null) {
      return draft.noise;
    }
    if (draft.generator == NoiseGenerator.TORCH && draft.firstImage > 0) {
      throw new IllegalArgumentException(
          "first image: expected 0 with PyTorch's noise, which belongs to all images together,"
              + " found "
              + draft.firstImage);
    }
    return draft.generator.source(draft.seed, draft.images);
  }
}
