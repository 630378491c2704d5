package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

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
 * java.util.concurrent.CancellationException}, the last of them frees the session, and a later
 * {@link #generate} throws {@link IllegalStateException}.
 */
public final class DiffusionPipeline implements AutoCloseable {
  private final OnnxEpsilonModel model;
  private final SchedulerConfig config;
  private final NoiseSchedule schedule;
  private final Sampler sampler;
  private final ImageShape shape;
  private final int batchSize;
  private final String device;
  private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private DiffusionPipeline(OnnxEpsilonModel model, Builder builder) throws IOException {
    this.model = model;
    this.config = builder.requireConfig(model);
    this.schedule = config.noiseSchedule();
    Sampler made = builder.sampler.create(config);
    this.sampler = builder.steps == 0 ? made : made.withSteps(builder.steps);
    this.sampler.steps(schedule); // refuses timesteps that do not fit, here and not at first use
    this.shape = builder.requireShape(model);
    int fixed = model.signature().fixedBatch();
    if (fixed > 0 && builder.batchSize > 0 && builder.batchSize != fixed) {
      throw new IllegalArgumentException(
          "batch size: expected " + fixed + ", which the model fixes, found " + builder.batchSize);
    }
    this.batchSize =
        fixed > 0
            ? fixed
            : builder.batchSize > 0
                ? builder.batchSize
                : BatchSizes.choose(model.metadata(), shape);
    this.device = builder.device.toString();
    if (sampler.learnsVariance() && !model.signature().learnsVariance()) {
      throw new ModelFormatException(
          "%s: variance_type: expected an output of %d channels, found %s"
              .formatted(model.name(), 2 * shape.channels(), model.signature().output()));
    }
  }

  /** Starts opening a model: an ONNX file, or a folder that holds {@code model.onnx}. */
  public static Builder open(Path path) {
    return new Builder(settings -> OnnxEpsilonModel.open(path, settings));
  }

  /**
   * Starts opening a model from memory.
   *
   * @param name stands for the file in messages and parameters
   */
  public static Builder open(byte[] model, String name) {
    return new Builder(settings -> OnnxEpsilonModel.open(model, name, settings));
  }

  private interface ModelOpener {
    OnnxEpsilonModel open(SessionSettings settings) throws IOException;
  }

  /** How to open a model. Everything has a default, most of it from the file. */
  public static final class Builder {
    private final ModelOpener opener;
    private Device device = Device.cpu();
    private int threads = Runtime.getRuntime().availableProcessors();
    private SamplerFactory sampler = Samplers.ddpm();
    private int steps;
    private int batchSize;
    private SchedulerConfig config;
    private int height = -1;
    private int width = -1;

    private Builder(ModelOpener opener) {
      this.opener = opener;
    }

    /** Where the model runs; the processor by default. */
    public Builder device(Device where) {
      this.device = where;
      return this;
    }

    /** Threads inside an operator; by default one per processor. */
    public Builder threads(int count) {
      this.threads = count;
      return this;
    }

    /** The sampling method, fitted to the model's configuration; ancestral sampling by default. */
    public Builder sampler(SamplerFactory method) {
      this.sampler = method;
      return this;
    }

    /** A sampler as it is. */
    public Builder sampler(Sampler exactly) {
      this.sampler = anyConfig -> exactly;
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

    /** The image size where the file leaves it open. */
    public Builder imageSize(int imageHeight, int imageWidth) {
      this.height = imageHeight;
      this.width = imageWidth;
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
      OnnxEpsilonModel model = opener.open(new SessionSettings(device, threads));
      try {
        return new DiffusionPipeline(model, this);
      } catch (IOException | RuntimeException e) {
        model.close();
        throw e;
      }
    }

    private SchedulerConfig requireConfig(OnnxEpsilonModel model) throws ModelFormatException {
      if (config != null) {
        return config;
      }
      return model
          .metadata()
          .scheduler()
          .orElseThrow(
              () ->
                  new ModelFormatException(
                      model.name()
                          + ": expected ddpm4j.scheduler in its metadata or a scheduler"
                          + " configuration as an option, found neither"));
    }

    private ImageShape requireShape(OnnxEpsilonModel model) throws ModelFormatException {
      ModelSignature signature = model.signature();
      int[] graph = {signature.channels(), signature.height(), signature.width()};
      int[] said =
          model
              .metadata()
              .image()
              .map(image -> new int[] {image.channels(), image.height(), image.width()})
              .orElse(new int[] {-1, -1, -1});
      int[] asked = {-1, height, width};
      String[] names = {"channels", "height", "width"};
      int[] chosen = new int[3];
      for (int i = 0; i < 3; i++) {
        if (graph[i] > 0 && said[i] > 0 && graph[i] != said[i]) {
          throw new ModelFormatException(
              "%s: ddpm4j.image: %s: expected %d as in %s, found %d"
                  .formatted(model.name(), names[i], graph[i], signature.sample(), said[i]));
        }
        if (graph[i] > 0 && asked[i] > 0 && graph[i] != asked[i]) {
          throw new IllegalArgumentException(
              "image %s: expected %d, which the model fixes, found %d"
                  .formatted(names[i], graph[i], asked[i]));
        }
        chosen[i] = graph[i] > 0 ? graph[i] : asked[i] > 0 ? asked[i] : said[i];
        if (chosen[i] < 1) {
          throw new ModelFormatException(
              "%s: expected the image's %s in the graph, in ddpm4j.image or as an option, found none"
                  .formatted(model.name(), names[i]));
        }
      }
      return new ImageShape(chosen[0], chosen[1], chosen[2]);
    }
  }

  /** The model, for its signature and metadata. Owned by the pipeline. */
  public OnnxEpsilonModel model() {
    return model;
  }

  /** What the file says about itself. */
  public ModelMetadata metadata() {
    return model.metadata();
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

  /** Steps per image. */
  public int steps() {
    return sampler.steps(schedule);
  }

  /** Channels, height and width of the images. */
  public ImageShape imageShape() {
    return shape;
  }

  /** Images that go through the network at once. */
  public int batchSize() {
    return batchSize;
  }

  /** Generates images 0 to {@code images - 1} of a seed. */
  public ImageBatch generate(int images, long seed) {
    return generate(GenerationRequest.of(images, seed)).images();
  }

  /**
   * Generates what is asked for, on the caller's thread.
   *
   * @throws java.util.concurrent.CancellationException if the request was cancelled, the thread
   *     interrupted or the pipeline closed meanwhile
   * @throws IllegalArgumentException if the classes do not fit the model
   * @throws IllegalStateException after {@link #close}
   */
  public GenerationResult generate(GenerationRequest request) {
    int[] labels = labels(request);
    Cancellation token = new Cancellation(request.cancellation());
    running.add(token);
    try {
      if (closed) { // after adding: close either sees this run or is seen by it
        throw new IllegalStateException(model.name() + ": this pipeline is closed");
      }
      return new Generation(request, labels, token).run();
    } finally {
      running.remove(token);
    }
  }

  /** The state of one call of generate. */
  private final class Generation {
    private final GenerationRequest request;
    private final int[] labels; // one per image; null in an unconditional model
    private final Cancellation token;
    private final float[] values;
    private final int elements = shape.channels() * shape.height() * shape.width();
    private long sessionNanos;
    private int batches;

    Generation(GenerationRequest request, int[] labels, Cancellation token) {
      this.request = request;
      this.labels = labels;
      this.token = token;
      this.values = new float[Math.multiplyExact(request.images(), elements)];
    }

    GenerationResult run() {
      long start = System.nanoTime();
      int whole = request.images() / batchSize * batchSize;
      int rest = request.images() - whole;
      batches(0, whole, batchSize);
      batches(whole, rest, model.signature().fixedBatch() > 0 ? batchSize : rest);
      ImageBatch images =
          ImageBatch.of(
                  values,
                  metadata().valueRange(),
                  request.images(),
                  shape.channels(),
                  shape.height(),
                  shape.width())
              .withText(parameters());
      return new GenerationResult(
          images, batches, steps(), System.nanoTime() - start, sessionNanos);
    }

    /** Batches of one size over the same buffers; of the last, only the asked-for images count. */
    private void batches(int from, int count, int size) {
      if (count == 0) {
        return;
      }
      SamplingRun run =
          SamplingRun.builder(size, shape.channels(), shape.height(), shape.width())
              .seed(request.seed())
              .learnsVariance(model.signature().learnsVariance())
              .listener(request.listener().orElse(null))
              .cancellation(token)
              .build();
      try (OnnxEpsilonModel.Bound bound =
          model.bind(
              run.inputBuffer(),
              run.outputBuffer(),
              size,
              shape.channels(),
              shape.height(),
              shape.width())) {
        for (int first = from; first < from + count; first += size) {
          run.restart(request.firstImage() + first);
          if (labels != null) {
            bound.classLabels(labels, first);
          }
          sampler.sample(bound, schedule, run);
          int kept = Math.min(size, from + count - first);
          System.arraycopy(run.x(), 0, values, first * elements, kept * elements);
          batches++;
        }
        sessionNanos += bound.sessionNanos();
      }
    }

    private Map<String, String> parameters() {
      Map<String, String> text = new LinkedHashMap<>();
      String version = DiffusionPipeline.class.getPackage().getImplementationVersion();
      text.put("Software", "ddpm4j " + (version == null ? "development" : version));
      text.put("Model", String.valueOf(Path.of(model.name()).getFileName()));
      text.put("Seed", Long.toString(request.seed()));
      text.put("First image", Long.toString(request.firstImage()));
      text.put("Images", Integer.toString(request.images()));
      text.put("Sampler", sampler.name());
      text.put("Steps", Integer.toString(steps()));
      text.put("Device", device);
      text.put("Scheduler", config.toJson());
      if (labels != null) {
        List<String> names = metadata().classNames();
        text.put(
            "Classes",
            Arrays.stream(labels)
                .mapToObj(label -> label < names.size() ? names.get(label) : "" + label)
                .collect(Collectors.joining(", ")));
      }
      return text;
    }
  }

  /** One label per image, or null for an unconditional model. */
  private int[] labels(GenerationRequest request) {
    boolean asked = !request.classLabels().isEmpty() || !request.classNames().isEmpty();
    if (model.signature().classLabels().isEmpty()) {
      if (asked) {
        throw new IllegalArgumentException(
            "class: expected none, since "
                + model.name()
                + " is unconditional, found "
                + (request.classNames().isEmpty() ? request.classLabels() : request.classNames()));
      }
      return null;
    }
    int classes = metadata().classNames().size();
    int[] given =
        request.classNames().isEmpty()
            ? request.classLabels().stream().mapToInt(Integer::intValue).toArray()
            : request.classNames().stream().mapToInt(metadata()::classLabel).toArray();
    if (!asked && classes == 0) {
      throw new IllegalArgumentException(
          "class: expected labels, since "
              + model.name()
              + " is class-conditional and names no classes, found none");
    }
    int[] labels = new int[request.images()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = asked ? given[i % given.length] : (int) ((request.firstImage() + i) % classes);
      if (labels[i] < 0 || classes > 0 && labels[i] >= classes) {
        throw new IllegalArgumentException(
            "class: expected a label from 0 to " + (classes - 1) + ", found " + labels[i]);
      }
    }
    return labels;
  }

  /** Idempotent; see the class comment. */
  @Override
  public void close() {
    closed = true;
    running.forEach(token -> token.cancel(model.name() + ": this pipeline was closed"));
    model.close();
  }
}
