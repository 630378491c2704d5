package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelDescription;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.RoleNames;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.DeadlineException;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepSpacing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A model ready to generate images.
 *
 * <pre>{@code
 * try (var pipeline = DiffusionPipeline.open(Path.of("model.onnx")).steps(100).build()) {
 *   pipeline.generate(16, 42L).writeGrid(Path.of("out.png"));
 * }
 * }</pre>
 *
 * <p>Thread-safe: any number of threads may generate at once. {@link #close} is idempotent and
 * returns at once: generations that run end before their next step with a {@link
 * java.util.concurrent.CancellationException}, the last of them frees the session. What is still to
 * begin ends with an {@link IllegalStateException}: a later {@link #generate}, what waits in {@link
 * #generateAsync}, the next batch of a {@link #stream}.
 */
public final class DiffusionPipeline implements AutoCloseable {
  private static final long WORKER_IDLE_SECONDS = 10;

  private final OnnxEpsilonModel model;
  private final SchedulerConfig config;
  private final NoiseSchedule schedule;
  private final Sampler sampler;
  private final SamplingMethod method;
  private final ImageShape shape;
  private final boolean learnsVariance;
  private final int batchSize;
  private final ModelMetadata metadata;
  private final String device;
  private final Builder opened;
  private final boolean isLent; // the model is another pipeline's
  private final OpenRuns runs;
  private final ThreadPoolExecutor worker = worker();

  /**
   * @param lender of the model; null where it is this pipeline's own
   */
  private DiffusionPipeline(OnnxEpsilonModel model, Builder builder, OpenRuns lender)
      throws IOException {
    this.model = model;
    this.opened = builder.copy();
    this.isLent = lender != null;
    this.runs = isLent ? lender.lend() : OpenRuns.of(model.name());
    this.config = ModelRequirements.schedulerConfig(model, builder.config);
    SchedulerConfig used = builder.sampler.configuration(config);
    // Of a class without betas it says nothing about the schedule.
    this.schedule = (used.isSet("beta_start") ? used : config).noiseSchedule();
    Sampler made = builder.sampler.create(config);
    this.sampler = builder.steps == 0 ? made : made.withSteps(builder.steps);
    this.method = new SamplingMethod(sampler, builder.isGiven ? sampler.toString() : used.toJson());
    this.sampler.steps(schedule); // refuses timesteps that do not fit, here and not at first use
    this.shape =
        ModelRequirements.imageShape(model, builder.channels, builder.height, builder.width);
    this.batchSize = ModelRequirements.batchSize(model, builder.batchSize, shape, builder.device);
    ValueRange range = builder.valueRange;
    this.metadata = range == null ? model.metadata() : model.metadata().withValueRange(range);
    this.device = builder.device.toString();
    this.learnsVariance = model.learnsVariance(shape);
    model.metadata().requireTimesteps(model.name(), schedule.trainTimesteps());
    ModelRequirements.requireTimesteps(model, sampler);
    ModelRequirements.requireVariance(model, sampler, shape, learnsVariance);
  }

  /** One thread, which is there while there is work. */
  private static ThreadPoolExecutor worker() {
    ThreadPoolExecutor worker =
        new ThreadPoolExecutor(
            1,
            1,
            WORKER_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "ddpm4j generation");
              thread.setDaemon(true);
              return thread;
            });
    worker.allowCoreThreadTimeOut(true);
    return worker;
  }

  /**
   * Starts opening a model: an ONNX file, a folder that holds {@code model.onnx}, or a folder of
   * diffusers or optimum that holds {@code unet/model.onnx} and {@code
   * scheduler/scheduler_config.json}.
   */
  public static Builder open(Path path) {
    return new Builder((settings, names) -> OnnxEpsilonModel.open(path, settings, names));
  }

  /**
   * Starts opening a model from memory.
   *
   * @param name stands for the file in messages and parameters
   */
  public static Builder open(byte[] model, String name) {
    return new Builder((settings, names) -> OnnxEpsilonModel.open(model, name, settings, names));
  }

  private interface ModelOpener {
    OnnxEpsilonModel open(SessionSettings settings, RoleNames names) throws IOException;
  }

  /** How to open a model. Everything has a default, most of it from the file. */
  public static final class Builder {
    private final ModelOpener opener;
    private Device device = Device.cpu();
    private int threads = Runtime.getRuntime().availableProcessors();
    private SamplerFactory sampler = Samplers::of;
    private boolean isGiven; // the sampler, as it is
    private int steps;
    private int batchSize;
    private SchedulerConfig config;
    private RoleNames names = RoleNames.none();
    private ValueRange valueRange; // null: the file's
    private int channels = -1;
    private int height = -1;
    private int width = -1;

    private Builder(ModelOpener opener) {
      this.opener = opener;
    }

    /** Where the model runs; the processor by default. */
    public Builder device(Device where) {
      this.device = Objects.requireNonNull(where, "where");
      return this;
    }

    /** Threads inside an operator; by default one per processor. */
    public Builder threads(int count) {
      this.threads = count;
      return this;
    }

    /**
     * The sampling method, fitted to the model's configuration. By default the configuration's
     * class decides; that of models which ddpm4j has trained is ancestral sampling.
     */
    public Builder sampler(SamplerFactory method) {
      this.sampler = Objects.requireNonNull(method, "method");
      this.isGiven = false;
      return this;
    }

    /** A sampler as it is. */
    public Builder sampler(Sampler exactly) {
      Objects.requireNonNull(exactly, "exactly");
      this.sampler = anyConfig -> exactly;
      this.isGiven = true;
      return this;
    }

    /** Steps per image, at least 1; by default as many as the model was trained with. */
    public Builder steps(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + count);
      }
      this.steps = count;
      return this;
    }

    /** Images that go through the network at once, at least 1; by default chosen for memory. */
    public Builder batchSize(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("batch size: expected at least 1, found " + count);
      }
      this.batchSize = count;
      return this;
    }

    /** The scheduler configuration in place of the file's; a foreign file needs one. */
    public Builder schedulerConfig(SchedulerConfig scheduler) {
      this.config = scheduler;
      return this;
    }

    /** The image size where the file leaves it open, at least 1 each. */
    public Builder imageSize(int imageHeight, int imageWidth) {
      if (imageHeight < 1 || imageWidth < 1) {
        throw new IllegalArgumentException(
            "image size: expected at least 1x1, found %dx%d".formatted(imageHeight, imageWidth));
      }
      this.height = imageHeight;
      this.width = imageWidth;
      return this;
    }

    /** The images' channels where the file leaves them open, at least 1. */
    public Builder imageChannels(int imageChannels) {
      if (imageChannels < 1) {
        throw new IllegalArgumentException(
            "image channels: expected at least 1, found " + imageChannels);
      }
      this.channels = imageChannels;
      return this;
    }

    /**
     * The values of black and white in the model's images, in place of the file's. Only pictures
     * are made and read with them; what clipping bounds x_0 to is the scheduler configuration's
     * {@code clip_sample_range}, ± around 0.
     */
    public Builder valueRange(double low, double high) {
      this.valueRange = new ValueRange(low, high);
      return this;
    }

    /** Which input or output plays which role, where a foreign file leaves that in doubt. */
    public Builder roleNames(RoleNames roles) {
      this.names = Objects.requireNonNull(roles, "roles");
      return this;
    }

    /**
     * Opens it.
     *
     * @throws ModelFormatException if the file is no model that can be used, naming file and field
     * @throws io.ddpm4j.runtime.model.DeviceException if the device is not there
     * @throws IOException if the file is missing or cannot be read
     * @throws IllegalArgumentException if an option does not fit the model
     */
    public DiffusionPipeline build() throws IOException {
      OnnxEpsilonModel model = opener.open(new SessionSettings(device, threads), names);
      try {
        return new DiffusionPipeline(model, this, null);
      } catch (IOException | RuntimeException e) {
        model.close();
        throw e;
      }
    }

    private Builder copy() {
      Builder copy = new Builder(opener);
      copy.device = device;
      copy.threads = threads;
      copy.sampler = sampler;
      copy.isGiven = isGiven;
      copy.steps = steps;
      copy.batchSize = batchSize;
      copy.config = config;
      copy.names = names;
      copy.valueRange = valueRange;
      copy.channels = channels;
      copy.height = height;
      copy.width = width;
      return copy;
    }
  }

  /**
   * Another sampling method over the same network, which is neither read nor held twice: to compare
   * methods, or to serve a quick one beside a good one. To close the new pipeline leaves the
   * network open; to close this one ends both.
   *
   * @param method fitted to the model's configuration
   * @param steps per image; empty for as many as the model was trained with
   * @throws ModelFormatException if the model is none for the method
   * @throws IllegalArgumentException if the steps do not fit
   */
  public DiffusionPipeline withSampler(SamplerFactory method, OptionalInt steps)
      throws IOException {
    if (runs.isClosed()) {
      throw runs.closedException();
    }
    Builder changed = opened.copy().sampler(method);
    changed.steps = 0;
    steps.ifPresent(changed::steps);
    return new DiffusionPipeline(model, changed, runs);
  }

  /** The model: its name, its inputs and outputs, its metadata. */
  public ModelDescription model() {
    return new ModelDescription(model.name(), model.signature(), metadata);
  }

  /** What the file says about itself, with the value range in use. */
  public ModelMetadata metadata() {
    return metadata;
  }

  /**
   * What a user should know of the model's files, a sentence each; empty if all is in order. What
   * there is to know of the sampler says {@link Sampler#warning}.
   */
  public List<String> warnings() {
    return ModelRequirements.warnings(model, config);
  }

  /** The configuration in use: the file's, or the option's. */
  public SchedulerConfig schedulerConfig() {
    return config;
  }

  /** The noise schedule in use. */
  public NoiseSchedule schedule() {
    return schedule;
  }

  /** The sampler in use. */
  public Sampler sampler() {
    return sampler;
  }

  /** Steps per image; some methods call the network twice for each. */
  public int steps() {
    return sampler.levels(schedule).steps();
  }

  /** Channels, height and width of the images. */
  public ImageShape imageShape() {
    return shape;
  }

  /** Whether the network predicts the variance too. */
  boolean learnsVariance() {
    return learnsVariance;
  }

  /** Images that go through the network at once. */
  public int batchSize() {
    return batchSize;
  }

  /** Where the model runs. */
  String device() {
    return device;
  }

  /**
   * The network with memory of its own, to evaluate likelihoods with: see {@link
   * io.ddpm4j.runtime.likelihood}. The caller closes it.
   *
   * @param images at once, at least 1; at most {@link #batchSize} are taken, and as many as the
   *     file fixes where it does
   * @throws ModelFormatException if the model is no noise predictor for its images
   * @throws IllegalArgumentException if {@code images} is below 1
   * @throws IllegalStateException after {@link #close}
   */
  public BatchNetwork network(int images) throws ModelFormatException {
    if (images < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + images);
    }
    boolean fixed = model.signature().fixedBatch() > 0;
    return BatchNetwork.bind(model, shape, fixed ? batchSize : Math.min(images, batchSize));
  }

  /** The values of black and white. */
  public ValueRange valueRange() {
    return metadata.valueRange();
  }

  /**
   * All that makes the images of a request again, as pictures of them carry it: model and its hash
   * (the first 16 hexadecimal digits of its SHA-256), seed, sampler, classes and so on, by name.
   * Nothing is generated.
   *
   * @throws IllegalArgumentException if the request does not fit the model
   */
  public Map<String, String> parameters(GenerationRequest request) {
    return new Generation(this, model, request, method).parameters();
  }

  /**
   * Generates images 0 to {@code images - 1} of a seed, on the caller's thread; of all classes in
   * turn, if the model has any.
   *
   * @param images at least 1
   * @param seed any number
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException as {@link #generate(GenerationRequest)}
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public ImageBatch generate(int images, long seed) {
    return generate(GenerationRequest.of(images, seed)).images();
  }

  /**
   * Generates what is asked for, on the caller's thread.
   *
   * @throws java.util.concurrent.CancellationException if the request was cancelled, the thread
   *     interrupted or the pipeline closed meanwhile, or the time is over
   * @throws IllegalArgumentException if the request does not fit the model, or so many images do
   *     not fit into memory together
   * @throws IllegalStateException after {@link #close}, or if the model's output is not finite
   */
  public GenerationResult generate(GenerationRequest request) {
    return generate(request, method, token(request));
  }

  private GenerationResult generate(
      GenerationRequest request, SamplingMethod method, Cancellation token) {
    Generation.requireRoom(request.images(), shape, Runtime.getRuntime().maxMemory());
    return runs.run(
        token,
        () -> {
          Generation generation = new Generation(this, model, request, method);
          long start = System.nanoTime();
          int elements = Generation.elements(shape);
          float[] all = new float[request.images() * elements];
          generation.run(
              token,
              (first, count, x) -> System.arraycopy(x, 0, all, first * elements, count * elements));
          return new GenerationResult(
              generation.images(0, request.images(), all),
              generation.batches(),
              generation.steps(),
              System.nanoTime() - start,
              generation.sessionNanos());
        });
  }

  /**
   * Generates what is asked for, on the caller's thread, and hands over each batch when it is
   * finished, so that any number of images can be made and those that are done are safe:
   *
   * <pre>{@code
   * pipeline.generate(
   *     GenerationRequest.of(50_000, 42L),
   *     batch -> {
   *       try {
   *         batch.writePngs(Path.of("images"), "image-");
   *       } catch (IOException e) {
   *         throw new UncheckedIOException(e);
   *       }
   *     });
   * }</pre>
   *
   * @param taker called on the same thread, in the order of the images; what it throws ends the
   *     generation. A batch knows the number of its first image, and its parameters are those that
   *     make this batch again
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException if the request does not fit the model
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public void generate(GenerationRequest request, Consumer<ImageBatch> taker) {
    Cancellation token = token(request);
    runs.run(
        token,
        () -> {
          Generation generation = new Generation(this, model, request, method);
          generation.run(
              token, (first, count, x) -> taker.accept(generation.images(first, count, x)));
          return null;
        });
  }

  /**
   * Generates what is asked for on a thread of the pipeline, one request after the other, since the
   * network takes all processors for each.
   *
   * @return completes with the images, or exceptionally as {@link #generate(GenerationRequest)}
   *     throws; past the request's time limit at once, even while it waits for others. To cancel
   *     it, or to complete it in any other way ({@code orTimeout}), ends the generation before its
   *     next step
   */
  public CompletableFuture<GenerationResult> generateAsync(GenerationRequest request) {
    return generateAsync(request, worker);
  }

  /** The same on a thread of {@code executor}. */
  public CompletableFuture<GenerationResult> generateAsync(
      GenerationRequest request, Executor executor) {
    Cancellation token = token(request); // now: time in the queue counts
    CompletableFuture<GenerationResult> future = new CompletableFuture<>();
    future.whenComplete((result, failure) -> token.cancel("the future was completed"));
    request.timeout().ifPresent(limit -> failAfter(limit, future));
    Runnable task =
        () -> {
          try {
            token.throwIfCancelled();
            future.complete(generate(request, method, token));
          } catch (Throwable e) {
            future.completeExceptionally(e);
          }
        };
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(runs.isClosed() ? runs.closedException() : e);
    }
    return future;
  }

  /** A generation that has begun watches its time itself; one that waits for others cannot. */
  private static void failAfter(Duration limit, CompletableFuture<?> future) {
    long nanos = TimeUnit.NANOSECONDS.convert(limit); // at most 292 years
    CompletableFuture<Void> timer =
        new CompletableFuture<Void>().completeOnTimeout(null, nanos, TimeUnit.NANOSECONDS);
    timer.thenRun(() -> future.completeExceptionally(new DeadlineException(limit)));
    future.whenComplete((result, failure) -> timer.complete(null)); // which takes it off the clock
  }

  /**
   * Generates image by image as the stream is read, on the thread that reads it, in order. Never
   * more than a batch is in memory, however many images are asked for, and nothing of the session
   * is held between batches: a stream that is not read to its end needs no closing. To make it
   * parallel changes nothing, since the network takes all processors already.
   *
   * @return of one image each. Reading it throws what {@link #generate(GenerationRequest)} throws;
   *     the time limit begins with this call
   * @throws IllegalArgumentException if the request does not fit the model
   * @throws IllegalStateException after {@link #close}
   */
  public Stream<ImageBatch> stream(GenerationRequest request) {
    Cancellation token = token(request);
    Generation generation = runs.run(token, () -> new Generation(this, model, request, method));
    return StreamSupport.stream(
        new ImageSpliterator(
            request.images(),
            taker ->
                runs.run(
                    token,
                    () -> {
                      generation.next(
                          token,
                          (first, count, x) -> taker.accept(generation.each(first, count, x)));
                      return null;
                    })),
        false);
  }

  /**
   * The noise from which {@link #decode} makes these images again: DDIM backwards (Song et al.
   * 2021, §4.3), without clipping, over as many steps as the pipeline has. The more steps, the
   * closer.
   *
   * @param images of the model's size and channels
   * @return x_T, standard normal as far as the images are what the model knows
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException if the images do not fit the model, or if it has no schedule
   *     of betas
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public ImageBatch encode(ImageBatch images) {
    return encode(GenerationRequest.of(images.images(), 0).withImage(images, 1)).images();
  }

  /**
   * The same for a request whose {@link GenerationRequest#withImage image} it is, with classes, a
   * listener and so on.
   *
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException if the request has no image or a strength below 1, if it does
   *     not fit the model, or if that has no schedule of betas
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public GenerationResult encode(GenerationRequest request) {
    requireSource("encode", "an image", request, source -> !source.isLatent());
    return generate(request, deterministic("encode", "DDIMInverseScheduler"), token(request));
  }

  /**
   * The images of such noise: DDIM, without clipping, over as many steps as the pipeline has.
   *
   * @param latents standard normal, of the model's size and channels
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException if the latents do not fit the model, or if it has no schedule
   *     of betas
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public ImageBatch decode(ImageBatch latents) {
    return decode(GenerationRequest.of(latents.images(), 0).withLatents(latents)).images();
  }

  /**
   * The same for a request whose {@link GenerationRequest#withLatents latents} they are.
   *
   * @throws java.util.concurrent.CancellationException as {@link #generate(GenerationRequest)}
   * @throws IllegalArgumentException if the request has no latents, if it does not fit the model,
   *     or if that has no schedule of betas
   * @throws IllegalStateException as {@link #generate(GenerationRequest)}
   */
  public GenerationResult decode(GenerationRequest request) {
    requireSource("decode", "latents", request, GenerationRequest.SourceImage::isLatent);
    return generate(request, deterministic("decode", "DDIMScheduler"), token(request));
  }

  private static void requireSource(
      String task,
      String expected,
      GenerationRequest request,
      Predicate<GenerationRequest.SourceImage> fits) {
    if (request.source().filter(fits).isEmpty()) {
      throw new IllegalArgumentException(
          "%s: expected a request with %s, found one with %s"
              .formatted(
                  task,
                  expected,
                  request
                      .source()
                      .map(s -> s.isLatent() ? "latents" : "an image")
                      .orElse("neither")));
    }
  }

  /** DDIM's flow in one direction or the other, over the same timesteps. */
  private SamplingMethod deterministic(String task, String className) {
    if (!config.hasBetas()) {
      throw new IllegalArgumentException(
          task + ": expected a model with a schedule of betas, found " + config.className());
    }
    SchedulerConfig plain =
        config
            .as(className)
            .with("clip_sample", false)
            .with("timestep_spacing", TimestepSpacing.LEADING.label());
    if (plain.isSet("thresholding")) { // a field of one of the two classes
      plain = plain.with("thresholding", false);
    }
    int count = Math.min(sampler.levels(schedule).steps(), schedule.trainTimesteps());
    return new SamplingMethod(Samplers.of(plain).withSteps(count), plain.toJson());
  }

  private static Cancellation token(GenerationRequest request) {
    return new Cancellation(request.cancellation(), request.timeout().orElse(null));
  }

  /** Idempotent; see the class comment. */
  @Override
  public void close() {
    runs.close();
    worker.shutdown(); // what waits there finds the pipeline closed
    if (!isLent) {
      model.close();
    }
  }
}
