package io.ddpm4j.runtime.model;

import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An ONNX noise predictor in an ONNX Runtime session, which this object owns. Thread-safe: each run
 * {@linkplain #bind binds} its own buffers. {@link #close} is idempotent and returns at once; while
 * runs are bound, the last of them to close frees the session.
 */
public final class OnnxEpsilonModel implements AutoCloseable {
  /** The file that a folder is opened by. */
  public static final String FILE_NAME = "model.onnx";

  /** The key of a file that is no network, in its metadata. */
  private static final String LOOP = "ddpm4j.loop";

  private final ModelSource source;
  private final OnnxSession session;
  private final ModelSignature signature;
  private final ModelMetadata metadata;
  private final List<String> warnings;

  /** {@code folder} is where the file lies, null where it was named itself. */
  private OnnxEpsilonModel(
      ModelSource source, ModelFolder folder, OnnxSession session, RoleNames names)
      throws IOException {
    this.source = source;
    this.session = session;
    requireNetwork(source.name(), session);
    this.signature =
        new RoleFinder(source.name(), names, session.inputs(), session.outputs()).find();
    ModelMetadata own = ModelMetadata.parse(source.name(), session.metadata());
    if (folder == null) {
      this.metadata = own;
    } else if (ModelMetadata.isOurs(session.metadata())) {
      this.metadata = own.scheduler().isPresent() ? own : own.withScheduler(folder.readScheduler());
    } else {
      this.metadata = folder.metadata(signature);
    }
    this.warnings = warnings(own.scheduler().isPresent() ? folder : null);
  }

  /** Refuses a file that holds a whole sampling loop, or a classifier: none predicts noise. */
  private static void requireNetwork(String name, OnnxSession session) throws IOException {
    if (ModelMetadata.isClassifier(session.metadata())) {
      throw new ModelFormatException(
          name
              + ": expected a network that predicts noise, found a classifier, which says what"
              + " images show and makes none");
    }
    if (session.metadata().containsKey(LOOP)) {
      throw new ModelFormatException(
          name
              + ": expected a network that predicts noise, found a whole sampling loop, which is"
              + " run once for finished images: ddpm run with arrays for its inputs ("
              + session.inputs().stream().map(TensorSpec::name).collect(Collectors.joining(", "))
              + ")");
    }
  }

  /** What is not as it seems; {@code unused} is a folder of which only the model counts. */
  private List<String> warnings(ModelFolder unused) throws IOException {
    List<String> found = new ArrayList<>();
    if (unused != null && unused.scheduler().isPresent()) {
      String own = metadata.scheduler().map(SchedulerConfig::toJson).orElse("");
      if (!unused.readScheduler().map(SchedulerConfig::toJson).orElse("").equals(own)) {
        found.add(
            unused.scheduler().get()
                + " is not used, since "
                + source.name()
                + " holds a schedule of its own");
      }
    }
    return List.copyOf(found);
  }

  /**
   * Opens a model whose roles rank and type tell.
   *
   * @throws IOException as {@link #open(Path, SessionSettings, RoleNames)}
   */
  public static OnnxEpsilonModel open(Path path, SessionSettings settings) throws IOException {
    return open(path, settings, RoleNames.none());
  }

  /**
   * Opens a model.
   *
   * @param path an ONNX file, a folder that holds {@code model.onnx}, or a folder of diffusers or
   *     optimum that holds {@code unet/model.onnx}, with its {@code scheduler_config.json}
   * @param names of inputs and outputs whose roles rank and type leave in doubt
   * @throws ModelFormatException if the file is empty, cut short, no ONNX or no noise predictor
   * @throws DeviceException if the device is not there
   * @throws IOException if the file is missing, no regular file or cannot be read
   */
  public static OnnxEpsilonModel open(Path path, SessionSettings settings, RoleNames names)
      throws IOException {
    ModelFolder folder = Files.isDirectory(path) ? ModelFolder.of(path) : null;
    ModelSource source = ModelSource.of(folder == null ? path : folder.model());
    OnnxSession session = OnnxSession.open(source, null, settings);
    return whole(session, () -> new OnnxEpsilonModel(source, folder, session, names));
  }

  /**
   * Opens a model from memory.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #open(Path, SessionSettings, RoleNames)}
   */
  public static OnnxEpsilonModel open(byte[] model, String name, SessionSettings settings)
      throws IOException {
    return open(model, name, settings, RoleNames.none());
  }

  /**
   * Opens a model from memory.
   *
   * @param name stands for the file in messages
   * @param names of inputs and outputs whose roles rank and type leave in doubt
   * @throws IOException as {@link #open(Path, SessionSettings, RoleNames)}
   */
  public static OnnxEpsilonModel open(
      byte[] model, String name, SessionSettings settings, RoleNames names) throws IOException {
    ModelSource source = ModelSource.of(model, name);
    OnnxSession session = OnnxSession.open(source, model, settings);
    return whole(session, () -> new OnnxEpsilonModel(source, null, session, names));
  }

  private interface Maker {
    OnnxEpsilonModel make() throws IOException;
  }

  /** The model, or a closed session. */
  private static OnnxEpsilonModel whole(OnnxSession session, Maker maker) throws IOException {
    try {
      return maker.make();
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** ONNX Runtime's version. */
  public static String runtimeVersion() {
    return OnnxSession.version();
  }

  /** The providers that this build of ONNX Runtime holds, such as CPU and CUDA. */
  public static List<String> providers() {
    return OnnxSession.providers();
  }

  /** The file as it was named, for messages. */
  public String name() {
    return source.name();
  }

  /** The file's folder and name, such as {@code fashion-mnist/model.onnx}. */
  public String label() {
    return source.label();
  }

  /**
   * The first 16 hexadecimal digits of the file's SHA-256. Computed when first asked for; empty if
   * the file has changed since it was opened.
   */
  public Optional<String> sha256() {
    return source.sha256();
  }

  /** Inputs and outputs by role. */
  public ModelSignature signature() {
    return signature;
  }

  /** What the file says about itself, or the files beside it where it says nothing. */
  public ModelMetadata metadata() {
    return metadata;
  }

  /** What a user should know of the files, a sentence each; empty where all is in order. */
  public List<String> warnings() {
    return warnings;
  }

  OnnxSession session() {
    return session;
  }

  /**
   * An ε-predictor over these buffers, wrapped once and used at every step. Owned by one run: use
   * it from one thread at a time and close it.
   *
   * @param x direct, native order, (N, C, H, W)
   * @param output direct, native order, the model's output for the same N: as many numbers as
   *     {@code x}, or twice as many where the variance is learned
   * @param shape N, C, H, W
   * @throws IllegalStateException after {@link #close}
   */
  public BoundModel bind(FloatBuffer x, FloatBuffer output, long... shape) {
    return bind(buffers(x, output, shape));
  }

  /**
   * Memory for one binding after another, so that none allocates its own: direct memory is freed
   * late.
   *
   * @param x as for {@link #bind(FloatBuffer, FloatBuffer, long...)}
   * @param output likewise
   * @param shape N, C, H, W
   */
  public ModelBuffers buffers(FloatBuffer x, FloatBuffer output, long... shape) {
    requireWrappable("x", x);
    requireWrappable("output", output);
    return new ModelBuffers(signature, x, output, shape);
  }

  /**
   * An ε-predictor over memory that {@link #buffers} of this model has given. One at a time; owned
   * by one run: use it from one thread at a time and close it.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public BoundModel bind(ModelBuffers memory) {
    session.retain();
    try {
      return new BoundModel(this, memory);
    } catch (RuntimeException e) {
      session.release();
      throw e;
    }
  }

  private static void requireWrappable(String what, FloatBuffer buffer) {
    if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          what + ": expected a direct buffer in native byte order, found " + buffer);
    }
  }

  /**
   * Whether the output has twice the image's channels: the variance is learned. Where the graph
   * does not say it, the model is run once, on an image of zeros.
   *
   * @throws ModelFormatException if the output has neither the image's channels nor twice as many
   * @throws IllegalStateException if ONNX Runtime fails, or after {@link #close}
   */
  public boolean learnsVariance(ImageShape image) throws ModelFormatException {
    Optional<Boolean> said = signature.learnsVariance();
    return said.isPresent() ? said.get() : tryOut(image) == 2 * image.channels();
  }

  /** The channels of the output. */
  private long tryOut(ImageShape image) throws ModelFormatException {
    int images = Math.max(1, signature.fixedBatch());
    long[] shape = {images, image.channels(), image.height(), image.width()};
    int elements = elements(shape);
    FloatBuffer zeros = DirectTensor.allocate(ElementType.FLOAT, elements).asFloatBuffer();
    InputBuffers memory = InputBuffers.of(signature, zeros, shape);
    session.retain();
    try (ModelInputs inputs = new ModelInputs(signature, memory)) {
      inputs.load(0);
      long[] found =
          session
              .runOnce(inputs.tensors(), Set.of(signature.output().name()))
              .get(signature.output().name())
              .shape();
      long[] expected = shape.clone();
      if (found.length == shape.length) {
        expected[1] = found[1] == 2 * shape[1] ? found[1] : shape[1];
      }
      if (!Arrays.equals(expected, found)) {
        throw new ModelFormatException(
            "%s is no noise predictor: expected an output of the shape %s, or with twice the channels, found %s"
                .formatted(name(), Arrays.toString(shape), Arrays.toString(found)));
      }
      return found[1];
    } finally {
      session.release();
    }
  }

  /** The product, where an array can be as long. */
  private static int elements(long... shape) {
    try {
      long bytes = Float.BYTES;
      for (long extent : shape) {
        bytes = Math.multiplyExact(bytes, extent);
      }
      return Math.toIntExact(bytes) / Float.BYTES;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "image size: expected images of less than 2 GB, found " + Arrays.toString(shape), e);
    }
  }

  /** Idempotent. Frees the session now, or with the last bound run; no new run can be bound. */
  @Override
  public void close() {
    session.close();
  }

  @Override
  public String toString() {
    return name()
        + ": "
        + List.of(signature.sample(), signature.timestep()).stream()
            .map(TensorSpec::toString)
            .collect(Collectors.joining(", "))
        + signature.classLabels().map(spec -> ", " + spec).orElse("")
        + " -> "
        + signature.output();
  }
}
