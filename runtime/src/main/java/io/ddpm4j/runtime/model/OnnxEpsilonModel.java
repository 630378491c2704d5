package io.ddpm4j.runtime.model;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

  private final String name;
  private final OrtSession session;
  private final ExecutorService cudaThread; // null on the CPU: the caller's thread runs the session
  private final ModelSignature signature;
  private final ModelMetadata metadata;
  private int bound; // guarded by this
  private boolean closed; // guarded by this

  private interface SessionFactory {
    OrtSession create(OrtSession.SessionOptions options) throws OrtException;
  }

  private OnnxEpsilonModel(String name, SessionSettings settings, SessionFactory factory)
      throws IOException {
    this.name = name;
    this.cudaThread =
        settings.device() instanceof Device.Cuda
            ? Executors.newSingleThreadExecutor(
                task -> {
                  Thread thread = new Thread(task, "ddpm4j " + settings.device());
                  thread.setDaemon(true);
                  return thread;
                })
            : null;
    OrtSession created = null;
    try {
      created = onDevice(() -> createSession(name, settings, factory));
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
      } else if (cudaThread != null) {
        cudaThread.shutdown();
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
   * @throws IOException if the file is missing or cannot be read
   */
  public static OnnxEpsilonModel open(Path path, SessionSettings settings) throws IOException {
    Path file = path;
    if (Files.isDirectory(path)) {
      file = path.resolve(FILE_NAME);
      if (!Files.isRegularFile(file)) {
        throw new FileNotFoundException(path + ": this folder holds no " + FILE_NAME);
      }
    }
    if (!Files.exists(file)) {
      throw new FileNotFoundException(file + ": there is no such file");
    }
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new IOException(file + ": expected a readable file");
    }
    requireContent(file.toString(), Files.size(file));
    String location = file.toString();
    return new OnnxEpsilonModel(
        location, settings, options -> ENVIRONMENT.createSession(location, options));
  }

  /**
   * Opens a model from memory.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #open(Path, SessionSettings)}
   */
  public static OnnxEpsilonModel open(byte[] model, String name, SessionSettings settings)
      throws IOException {
    requireContent(name, model.length);
    return new OnnxEpsilonModel(
        name, settings, options -> ENVIRONMENT.createSession(model, options));
  }

  /** ONNX Runtime's version. */
  public static String runtimeVersion() {
    return ENVIRONMENT.getVersion();
  }

  /** The providers that this build of ONNX Runtime holds, such as CPU and CUDA. */
  public static List<String> providers() {
    return OrtEnvironment.getAvailableProviders().stream().map(OrtProvider::name).toList();
  }

  private static void requireContent(String name, long size) throws ModelFormatException {
    if (size == 0) {
      throw new ModelFormatException(name + ": expected an ONNX model, found an empty file");
    }
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

  /** The file's name, for messages. */
  public String name() {
    return name;
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
        throw new IllegalStateException(name + ": this model is closed");
      }
      bound++;
    }
    try {
      return new Bound(x, output, shape);
    } catch (OrtException e) {
      release();
      throw new IllegalStateException(name + ": " + firstLine(e), e);
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
      onDevice(
          () -> {
            victim.close();
            return null;
          });
    } catch (Exception e) {
      throw new IllegalStateException(name + ": " + firstLine(e), e);
    } finally {
      if (cudaThread != null) {
        cudaThread.shutdown();
      }
    }
  }

  /** Runs a task where the session lives, and waits for it even when interrupted. */
  private <T> T onDevice(Callable<T> task) throws Exception {
    if (cudaThread == null) {
      return task.call();
    }
    Future<T> future = cudaThread.submit(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true; // the native call uses our buffers: it has to end first
        } catch (ExecutionException e) {
          throw e.getCause() instanceof Exception cause ? cause : e;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The model over the buffers of one run. Closing is idempotent and leaves the buffers alone. */
  public final class Bound implements EpsilonModel, AutoCloseable {
    private final FloatBuffer x;
    private final FloatBuffer output;
    private final int images;
    private final ByteBuffer timestepBytes;
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
      long[] timestepShape = timestepShape();
      int timesteps = 1;
      for (long extent : timestepShape) {
        timesteps = Math.toIntExact(timesteps * extent);
      }
      this.timestepBytes = direct(timesteps * Long.BYTES);
      this.labels =
          signature.classLabels().isPresent() ? direct(images * Long.BYTES).asLongBuffer() : null;
      try {
        inputs.put(signature.sample().name(), OnnxTensor.createTensor(ENVIRONMENT, x, shape));
        inputs.put(signature.timestep().name(), timestepTensor(timesteps, timestepShape));
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

    /** Rank 0 is one number; a first axis left open takes the batch, a second one 1. */
    private long[] timestepShape() {
      TensorSpec spec = signature.timestep();
      long[] shape = new long[spec.rank()];
      for (int axis = 0; axis < shape.length; axis++) {
        shape[axis] = spec.isFixed(axis) ? spec.shape().get(axis) : axis == 0 ? images : 1;
      }
      return shape;
    }

    private OnnxTensor timestepTensor(int count, long[] shape) throws OrtException {
      return switch (signature.timestep().type()) {
        case "int64" ->
            OnnxTensor.createTensor(
                ENVIRONMENT, timestepBytes.asLongBuffer().slice(0, count), shape);
        case "int32" ->
            OnnxTensor.createTensor(
                ENVIRONMENT, timestepBytes.asIntBuffer().slice(0, count), shape);
        case "float" ->
            OnnxTensor.createTensor(
                ENVIRONMENT, timestepBytes.asFloatBuffer().slice(0, count), shape);
        default ->
            OnnxTensor.createTensor(
                ENVIRONMENT, timestepBytes.asDoubleBuffer().slice(0, count), shape);
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
            "class labels: expected none, since " + name + " is unconditional");
      }
      for (int i = 0; i < images; i++) {
        labels.put(i, classes[Math.min(from + i, classes.length - 1)]);
      }
    }

    @Override
    public void predict(FloatBuffer x, int images, double timestep, FloatBuffer output) {
      if (x != this.x || output != this.output || images != this.images) {
        throw new IllegalArgumentException(
            "expected the buffers and the batch of " + this.images + " that were bound");
      }
      if (!open) {
        throw new IllegalStateException(name + ": this binding is closed");
      }
      putTimestep(timestep);
      try {
        onDevice(runSession);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(name + ": ONNX Runtime failed: " + firstLine(e), e);
      }
    }

    private Void runSession() throws OrtException {
      long start = System.nanoTime();
      session.run(inputs, outputs).close(); // the tensors are ours: this frees only the list
      sessionNanos += System.nanoTime() - start;
      return null;
    }

    private void putTimestep(double timestep) {
      String type = signature.timestep().type();
      if (type.startsWith("int") && timestep != Math.rint(timestep)) {
        throw new IllegalArgumentException(
            "timestep: expected a whole number for "
                + signature.timestep()
                + ", found "
                + timestep);
      }
      int bytes = type.equals("int32") || type.equals("float") ? Integer.BYTES : Long.BYTES;
      int count = timestepBytes.capacity() / Long.BYTES;
      for (int i = 0; i < count; i++) {
        switch (type) {
          case "int64" -> timestepBytes.putLong(i * bytes, (long) timestep);
          case "int32" -> timestepBytes.putInt(i * bytes, (int) timestep);
          case "float" -> timestepBytes.putFloat(i * bytes, (float) timestep);
          default -> timestepBytes.putDouble(i * bytes, timestep);
        }
      }
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

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  @Override
  public String toString() {
    return name
        + ": "
        + List.of(signature.sample(), signature.timestep()).stream()
            .map(TensorSpec::toString)
            .collect(Collectors.joining(", "))
        + signature.classLabels().map(spec -> ", " + spec).orElse("")
        + " -> "
        + signature.output();
  }
}
