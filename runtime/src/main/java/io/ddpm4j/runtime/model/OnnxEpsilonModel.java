package io.ddpm4j.runtime.model;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/**
 * An ONNX noise predictor in an ONNX Runtime session, which this object owns. Thread-safe: each run
 * {@linkplain #bind binds} its own buffers. {@link #close} is idempotent and returns at once; while
 * runs are bound, the last of them to close frees the session.
 *
 * <p>A CUDA session is created, run and freed by one thread of its own, since ONNX Runtime keeps
 * CUDA state per thread.
 */
public final class OnnxEpsilonModel implements AutoCloseable {
  /** The file that a folder is opened by. */
  public static final String FILE_NAME = "model.onnx";

  private static final String MESSAGE = " - message:";
  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private final ModelSource source;
  private final OrtSession session;
  private final SessionThread thread;
  private final ModelSignature signature;
  private final ModelMetadata metadata;
  private int bound; // guarded by this
  private boolean closed; // guarded by this

  private interface SessionFactory {
    OrtSession create(OrtSession.SessionOptions options) throws OrtException;
  }

  private OnnxEpsilonModel(ModelSource source, SessionSettings settings, SessionFactory factory)
      throws IOException {
    this.source = source;
    this.thread = new SessionThread(settings.device());
    String name = source.name();
    OrtSession created = null;
    try {
      created = thread.call(() -> createSession(name, settings, factory));
      this.session = created;
      this.signature =
          ModelSignature.of(
              name,
              specs(session.getInputInfo().values()),
              specs(session.getOutputInfo().values()));
      this.metadata = ModelMetadata.parse(name, session.getMetadata().getCustomMetadata());
    } catch (Exception e) {
      if (created != null) {
        free(created);
      } else {
        thread.shutdown();
      }
      if (e instanceof IOException io) {
        throw io;
      }
      throw new ModelFormatException(name + ": " + firstLine(e), e);
    }
  }

  /**
   * Opens a model.
   *
   * @param path an ONNX file, or a folder that holds {@code model.onnx}
   * @throws ModelFormatException if the file is empty, cut short, no ONNX or no noise predictor
   * @throws DeviceException if the device is not there
   * @throws IOException if the file is missing, no regular file or cannot be read
   */
  public static OnnxEpsilonModel open(Path path, SessionSettings settings) throws IOException {
    ModelSource source = ModelSource.of(path);
    return new OnnxEpsilonModel(
        source, settings, options -> ENVIRONMENT.createSession(source.name(), options));
  }

  /**
   * Opens a model from memory.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #open(Path, SessionSettings)}
   */
  public static OnnxEpsilonModel open(byte[] model, String name, SessionSettings settings)
      throws IOException {
    return new OnnxEpsilonModel(
        ModelSource.of(model, name),
        settings,
        options -> ENVIRONMENT.createSession(model, options));
  }

  /** ONNX Runtime's version. */
  public static String runtimeVersion() {
    return ENVIRONMENT.getVersion();
  }

  /** The providers that this build of ONNX Runtime holds, such as CPU and CUDA. */
  public static List<String> providers() {
    return OrtEnvironment.getAvailableProviders().stream().map(OrtProvider::name).toList();
  }

  private static OrtSession createSession(
      String name, SessionSettings settings, SessionFactory factory) throws IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(settings.threads());
      if (settings.device() instanceof Device.Cuda cuda) {
        addCuda(options, cuda);
      }
      return factory.create(options);
    } catch (OrtException e) {
      boolean unreadable =
          switch (e.getCode()) {
            case ORT_INVALID_PROTOBUF, ORT_NO_MODEL, ORT_INVALID_GRAPH -> true;
            default -> false;
          };
      throw new ModelFormatException(
          name
              + (unreadable
                  ? ": expected an ONNX model, found a file that is no ONNX or was cut short ("
                  : ": ONNX Runtime " + runtimeVersion() + " does not load this model (")
              + firstLine(e)
              + ")",
          e);
    }
  }

  private static void addCuda(OrtSession.SessionOptions options, Device.Cuda cuda)
      throws DeviceException {
    String version = "ONNX Runtime " + runtimeVersion();
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
      throw new DeviceException(
          cuda
              + ": expected CUDA, found "
              + version
              + " with "
              + new TreeSet<>(providers())
              + " only; use the artifact onnxruntime_gpu (Maven profile gpu) or the device cpu",
          null);
    }
    try {
      options.addCUDA(cuda.index());
    } catch (OrtException e) {
      throw new DeviceException(
          cuda + ": " + version + " cannot use this device (" + firstLine(e) + ")", e);
    }
  }

  private static List<TensorSpec> specs(Collection<NodeInfo> nodes) {
    return nodes.stream()
        .map(
            node ->
                node.getInfo() instanceof TensorInfo info
                    ? TensorSpec.of(
                        node.getName(), info.type.name().toLowerCase(Locale.ROOT), info.getShape())
                    : TensorSpec.of(node.getName(), "no tensor"))
        .toList();
  }

  /**
   * The message without ONNX Runtime's prefix of the error code and what follows its first line.
   */
  private static String firstLine(Throwable e) {
    String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
    int message = line.indexOf(MESSAGE);
    line = message < 0 ? line : line.substring(message + MESSAGE.length()).strip();
    return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
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

  /** What the file says about itself. */
  public ModelMetadata metadata() {
    return metadata;
  }

  /**
   * An ε-predictor over these buffers, wrapped once and used at every step. Owned by one run: use
   * it from one thread at a time and close it.
   *
   * @param x direct, native order, (N, C, H, W)
   * @param output direct, native order, the model's output for the same N
   * @param shape N, C, H, W
   * @throws IllegalStateException after {@link #close}
   */
  public Bound bind(FloatBuffer x, FloatBuffer output, long... shape) {
    requireWrappable("x", x);
    requireWrappable("output", output);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException(name() + ": this model is closed");
      }
      bound++;
    }
    try {
      return new Bound(x, output, shape);
    } catch (OrtException e) {
      release();
      throw new IllegalStateException(name() + ": " + firstLine(e), e);
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  private static void requireWrappable(String what, FloatBuffer buffer) {
    if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          what + ": expected a direct buffer in native byte order, found " + buffer);
    }
  }

  /** Idempotent. Frees the session now, or with the last bound run; no new run can be bound. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (bound > 0) {
        return;
      }
    }
    free(session);
  }

  private void release() {
    synchronized (this) {
      bound--;
      if (bound > 0 || !closed) {
        return;
      }
    }
    free(session);
  }

  private void free(OrtSession victim) {
    try {
      thread.call(
          () -> {
            victim.close();
            return null;
          });
    } catch (Exception e) {
      throw new IllegalStateException(name() + ": " + firstLine(e), e);
    } finally {
      thread.shutdown();
    }
  }

  /** The model over the buffers of one run. Closing is idempotent and leaves the buffers alone. */
  public final class Bound implements EpsilonModel, AutoCloseable {
    private final FloatBuffer x;
    private final FloatBuffer output;
    private final int images;
    private final TimestepBuffer timestep;
    private final LongBuffer labels; // null in an unconditional model
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();
    private final Callable<Void> runSession = this::runSession;
    private long sessionNanos;
    private boolean open = true;

    private Bound(FloatBuffer x, FloatBuffer output, long[] shape) throws OrtException {
      this.x = x;
      this.output = output;
      this.images = Math.toIntExact(shape[0]);
      long[] outputShape = shape.clone();
      outputShape[1] = signature.learnsVariance() ? 2 * shape[1] : shape[1];
      this.timestep = new TimestepBuffer(signature.timestep(), images);
      this.labels = signature.classLabels().isPresent() ? direct(images) : null;
      try {
        inputs.put(signature.sample().name(), OnnxTensor.createTensor(ENVIRONMENT, x, shape));
        inputs.put(signature.timestep().name(), timestepTensor());
        if (labels != null) {
          inputs.put(
              signature.classLabels().orElseThrow().name(),
              OnnxTensor.createTensor(ENVIRONMENT, labels, new long[] {images}));
        }
        outputs.put(
            signature.output().name(), OnnxTensor.createTensor(ENVIRONMENT, output, outputShape));
      } catch (OrtException | RuntimeException e) {
        closeTensors();
        throw e;
      }
    }

    private OnnxTensor timestepTensor() throws OrtException {
      ByteBuffer bytes = timestep.bytes();
      int count = timestep.count();
      long[] shape = timestep.shape();
      return switch (signature.timestep().type()) {
        case "int64" ->
            OnnxTensor.createTensor(ENVIRONMENT, bytes.asLongBuffer().slice(0, count), shape);
        case "int32" ->
            OnnxTensor.createTensor(ENVIRONMENT, bytes.asIntBuffer().slice(0, count), shape);
        case "float" ->
            OnnxTensor.createTensor(ENVIRONMENT, bytes.asFloatBuffer().slice(0, count), shape);
        default ->
            OnnxTensor.createTensor(ENVIRONMENT, bytes.asDoubleBuffer().slice(0, count), shape);
      };
    }

    /**
     * Sets the class of every image.
     *
     * @param from the index in {@code classes} of the batch's first image; past its end the last
     *     class counts
     */
    public void classLabels(int[] classes, int from) {
      if (labels == null) {
        throw new IllegalArgumentException(
            "class labels: expected none, since " + name() + " is unconditional");
      }
      for (int i = 0; i < images; i++) {
        labels.put(i, classes[Math.min(from + i, classes.length - 1)]);
      }
    }

    @Override
    public String name() {
      return source.name();
    }

    @Override
    public void predict(FloatBuffer x, int images, double t, FloatBuffer output) {
      if (x != this.x || output != this.output || images != this.images) {
        throw new IllegalArgumentException(
            "expected the buffers and the batch of " + this.images + " that were bound");
      }
      if (!open) {
        throw new IllegalStateException(name() + ": this binding is closed");
      }
      timestep.fill(t);
      try {
        thread.call(runSession);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(name() + ": ONNX Runtime failed: " + firstLine(e), e);
      }
    }

    private Void runSession() throws OrtException {
      long start = System.nanoTime();
      session.run(inputs, outputs).close(); // the tensors are ours: this frees only the list
      sessionNanos += System.nanoTime() - start;
      return null;
    }

    /** Nanoseconds spent inside the ONNX Runtime session through this binding. */
    public long sessionNanos() {
      return sessionNanos;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        closeTensors();
        release();
      }
    }

    private void closeTensors() {
      inputs.values().forEach(OnnxTensor::close);
      outputs.values().forEach(OnnxTensor::close);
    }
  }

  private static LongBuffer direct(int count) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(count, Long.BYTES))
        .order(ByteOrder.nativeOrder())
        .asLongBuffer();
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
