package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.StepListener;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What to generate: start with {@link #of} and add with the {@code with} methods. Immutable.
 *
 * <p>Wherever an image needs something that is given for several, image k gets that at k mod n of
 * n, where k is the number within the seed's images and not within this request: so parts of a
 * generation agree with the whole.
 */
public final class GenerationRequest {
  private final int images;
  private final long seed;
  private final long firstImage;
  private final List<Integer> classLabels;
  private final List<String> classNames;
  private final Guidance guidance;
  private final SourceImage source; // null: noise
  private final Inpainting inpainting; // null: none
  private final NoiseGenerator generator;
  private final NoiseSource noise; // null: that of generator and seed
  private final Duration timeout; // null: none
  private final StepListener listener; // null: none
  private final Cancellation cancellation;

  /** What a run starts from, other than noise. */
  record SourceImage(ImageBatch images, double strength, boolean isLatent) {}

  /** What is kept of the images. */
  record Inpainting(ImageBatch images, ImageBatch mask) {}

  private static final class Draft {
    private int images;
    private long seed;
    private long firstImage;
    private List<Integer> classLabels = List.of();
    private List<String> classNames = List.of();
    private Guidance guidance = Guidance.none();
    private SourceImage source;
    private Inpainting inpainting;
    private NoiseGenerator generator = NoiseGenerator.PHILOX;
    private NoiseSource noise;
    private Duration timeout;
    private StepListener listener;
    private Cancellation cancellation = new Cancellation();
  }

  private GenerationRequest(Draft draft) {
    images = draft.images;
    seed = draft.seed;
    firstImage = draft.firstImage;
    classLabels = List.copyOf(draft.classLabels);
    classNames = List.copyOf(draft.classNames);
    guidance = draft.guidance;
    source = draft.source;
    inpainting = draft.inpainting;
    generator = draft.generator;
    noise = draft.noise;
    timeout = draft.timeout;
    listener = draft.listener;
    cancellation = draft.cancellation;
    if (images < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + images);
    }
    if (firstImage < 0 || firstImage > Long.MAX_VALUE - images) {
      throw new IllegalArgumentException(
          "first image: expected 0 to " + (Long.MAX_VALUE - images) + ", found " + firstImage);
    }
    if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
      throw new IllegalArgumentException("timeout: expected above 0, found " + timeout);
    }
  }

  private Draft draft() {
    Draft draft = new Draft();
    draft.images = images;
    draft.seed = seed;
    draft.firstImage = firstImage;
    draft.classLabels = classLabels;
    draft.classNames = classNames;
    draft.guidance = guidance;
    draft.source = source;
    draft.inpainting = inpainting;
    draft.generator = generator;
    draft.noise = noise;
    draft.timeout = timeout;
    draft.listener = listener;
    draft.cancellation = cancellation;
    return draft;
  }

  /** Images 0 to {@code images - 1} of a seed; of all classes in turn, if the model has any. */
  public static GenerationRequest of(int images, long seed) {
    Draft draft = new Draft();
    draft.images = images;
    draft.seed = seed;
    return new GenerationRequest(draft);
  }

  /**
   * The same from another image number on: images 0 to 99 of a seed can be made as 0 to 49 and 50
   * to 99, on two machines, with the same noise.
   */
  public GenerationRequest withFirstImage(long number) {
    Draft draft = draft();
    draft.firstImage = number;
    return new GenerationRequest(draft);
  }

  /** The same with classes by label, taken in turn. */
  public GenerationRequest withClassLabels(int... labels) {
    Draft draft = draft();
    draft.classLabels = Arrays.stream(labels).boxed().toList();
    draft.classNames = List.of();
    return new GenerationRequest(draft);
  }

  /** The same with classes by name, taken in turn. */
  public GenerationRequest withClassNames(String... names) {
    Draft draft = draft();
    draft.classLabels = List.of();
    draft.classNames = List.of(names);
    return new GenerationRequest(draft);
  }

  /**
   * The same with classifier-free guidance (Ho and Salimans 2022): ε = ε_∅ + scale·(ε_c - ε_∅),
   * where ε_∅ is the prediction for the class that stands for none.
   *
   * @param scale 1 for none; about 2 to 8 for images that are more typical of their class, and less
   *     varied
   */
  public GenerationRequest withGuidanceScale(double scale) {
    return withGuidance(guidance.withScale(scale));
  }

  /** The same with guidance away from something else than no class. */
  public GenerationRequest withGuidance(Guidance how) {
    Draft draft = draft();
    draft.guidance = how;
    return new GenerationRequest(draft);
  }

  /**
   * The same from images instead of noise (Meng et al. 2022): they get as much noise as the first
   * of the steps that are left expects.
   *
   * @param from of the model's size and channels, taken in turn
   * @param strength the part of the steps that is run, above 0 and at most 1: small values keep
   *     most of the image
   */
  public GenerationRequest withImage(ImageBatch from, double strength) {
    return withSource(new SourceImage(from, strength, false));
  }

  /**
   * The same from given x_T instead of noise, such as {@link DiffusionPipeline#encode} gives.
   *
   * @param latents standard normal, of the model's size and channels, taken in turn
   */
  public GenerationRequest withLatents(ImageBatch latents) {
    return withSource(new SourceImage(latents, 1, true));
  }

  private GenerationRequest withSource(SourceImage from) {
    Draft draft = draft();
    draft.source = from;
    return new GenerationRequest(draft);
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
    Draft draft = draft();
    draft.inpainting = new Inpainting(known, mask);
    return new GenerationRequest(draft);
  }

  /**
   * The same with another generator of noise: {@link NoiseGenerator#TORCH} makes the numbers of
   * {@code torch.manual_seed(seed)}, in the order in which diffusers' pipelines draw them for a
   * batch of {@link #images}, whatever the batches are here.
   */
  public GenerationRequest withNoiseGenerator(NoiseGenerator which) {
    Draft draft = draft();
    draft.generator = which;
    draft.noise = null;
    return new GenerationRequest(draft);
  }

  /** The same with noise of any other kind; the seed is then no more than a note. */
  public GenerationRequest withNoise(NoiseSource source) {
    Draft draft = draft();
    draft.noise = source;
    return new GenerationRequest(draft);
  }

  /**
   * The same with a time limit, which begins when the request is handed to the pipeline; the time
   * that it waits for others counts. Past it the generation ends as a cancelled one, with a {@link
   * io.ddpm4j.runtime.sampling.DeadlineException}.
   */
  public GenerationRequest withTimeout(Duration limit) {
    Draft draft = draft();
    draft.timeout = limit;
    return new GenerationRequest(draft);
  }

  /** The same with a listener, which watches every step. */
  public GenerationRequest withListener(StepListener watcher) {
    Draft draft = draft();
    draft.listener = watcher;
    return new GenerationRequest(draft);
  }

  /** The same with a token that stops it. */
  public GenerationRequest withCancellation(Cancellation token) {
    Draft draft = draft();
    draft.cancellation = token;
    return new GenerationRequest(draft);
  }

  /** How many, at least 1. */
  public int images() {
    return images;
  }

  /** Of the noise. */
  public long seed() {
    return seed;
  }

  /** The number of the first image within those of the seed. */
  public long firstImage() {
    return firstImage;
  }

  /** By label; empty where they are given by name, or not at all. */
  public List<Integer> classLabels() {
    return classLabels;
  }

  /** By name; empty where they are given by label, or not at all. */
  public List<String> classNames() {
    return classNames;
  }

  /** How classes guide. */
  public Guidance guidance() {
    return guidance;
  }

  /** Watches every step. */
  public Optional<StepListener> listener() {
    return Optional.ofNullable(listener);
  }

  /** Stops it. */
  public Cancellation cancellation() {
    return cancellation;
  }

  /** The time limit. */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(timeout);
  }

  Optional<SourceImage> source() {
    return Optional.ofNullable(source);
  }

  Optional<Inpainting> inpainting() {
    return Optional.ofNullable(inpainting);
  }

  /** The generator of the noise, by the name that it has in the parameters of a picture. */
  String noiseName() {
    return noise == null ? generator.label() : noise.toString();
  }

  /** The noise of this request. */
  NoiseSource noise() {
    if (noise != null) {
      return noise;
    }
    if (generator == NoiseGenerator.TORCH && firstImage > 0) {
      throw new IllegalArgumentException(
          "first image: expected 0 with PyTorch's noise, which belongs to all images together,"
              + " found "
              + firstImage);
    }
    return generator.source(seed, images);
  }
}
