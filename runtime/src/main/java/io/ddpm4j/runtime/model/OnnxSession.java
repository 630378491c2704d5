package io.ddpm4j.runtime.model;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * A session of ONNX Runtime, which this object owns. Thread-safe. It counts who uses it: {@link
 * #close} is idempotent and returns at once, and the last user to go frees the session.
 *
 * <p>A CUDA session is created, run and freed by one thread of its own, since ONNX Runtime keeps
 * CUDA state per thread.
 */
final class OnnxSession implements AutoCloseable {
  private static final String MESSAGE = " - message:";
  private static final String TYPE_PREFIX = "ONNX_TENSOR_ELEMENT_DATA_TYPE_";
  static final OrtEnvironment ENVIRONMENT = environment();

  private final String name;
  private final SessionThread thread;
  private final OrtSession session;
  private int users; // guarded by this
  private boolean closed; // guarded by this

  private OnnxSession(String name, SessionThread thread, OrtSession session) {
    this.name = name;
    this.thread = thread;
    this.session = session;
  }

  /**
   * Loads a model.
   *
   * @param bytes the model; null to read it from the source's file
   * @throws ModelFormatException if it is no ONNX, cut short, or more than this version can do
   * @throws DeviceException if the device is not there
   */
  static OnnxSession open(ModelSource source, byte[] bytes, SessionSettings settings)
      throws IOException {
    SessionThread thread = new SessionThread(settings.device());
    try {
      OrtSession session = thread.call(() -> create(source.name(), bytes, settings));
      return new OnnxSession(source.name(), thread, session);
    } catch (Exception e) {
      thread.shutdown();
      throw asIo(source.name(), e);
    }
  }

  /**
   * ONNX Runtime's environment, of which a process has one. Its telemetry is told to record nothing
   * of models and sessions; what it does when it is made, only the variable {@code
   * ORT_DISABLE_TELEMETRY} can prevent.
   */
  private static OrtEnvironment environment() {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try {
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new IllegalStateException(
          "ONNX Runtime does not turn its telemetry off: " + firstLine(e), e);
    }
    return environment;
  }

  /** ONNX Runtime's version. */
  static String version() {
    return ENVIRONMENT.getVersion();
  }

  /** The providers that this build of ONNX Runtime holds, such as CPU and CUDA. */
  static List<String> providers() {
    return OrtEnvironment.getAvailableProviders().stream().map(OrtProvider::name).toList();
  }

  private static OrtSession create(String name, byte[] bytes, SessionSettings settings)
      throws IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      options.setOptimizationLevel(
          settings.fewRuns()
              ? OrtSession.SessionOptions.OptLevel.EXTENDED_OPT // without layouts
              : OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(settings.threads());
      if (settings.device() instanceof Device.Cuda cuda) {
        addCuda(options, cuda);
      }
      return bytes == null
          ? ENVIRONMENT.createSession(name, options)
          : ENVIRONMENT.createSession(bytes, options);
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
                  : ": ONNX Runtime " + version() + " does not load this model (")
              + firstLine(e)
              + ")",
          e);
    }
  }

  private static void addCuda(OrtSession.SessionOptions options, Device.Cuda cuda)
      throws DeviceException {
    String version = "ONNX Runtime " + version();
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
    try (OrtCUDAProviderOptions provider = new OrtCUDAProviderOptions(cuda.index())) {
      for (Map.Entry<String, String> option : cuda.providerOptions().entrySet()) {
        provider.add(option.getKey(), option.getValue());
      }
      options.addCUDA(provider);
    } catch (OrtException e) {
      throw new DeviceException(
          cuda + ": " + version + " cannot use this device (" + firstLine(e) + ")", e);
    }
  }

  private static IOException asIo(String name, Exception e) {
    return e instanceof IOException io
        ? io
        : new ModelFormatException(name + ": " + firstLine(e), e);
  }

  /**
   * The message without ONNX Runtime's prefix of the error code and what follows its first line.
   */
  static String firstLine(Throwable e) {
    String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
    int message = line.indexOf(MESSAGE);
    line = message < 0 ? line : line.substring(message + MESSAGE.length()).strip();
    return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
  }

  /** The inputs, in the file's order. */
  List<TensorSpec> inputs() throws IOException {
    try {
      return specs(session.getInputInfo().values());
    } catch (OrtException e) {
      throw asIo(name, e);
    }
  }

  /** The outputs, in the file's order. */
  List<TensorSpec> outputs() throws IOException {
    try {
      return specs(session.getOutputInfo().values());
    } catch (OrtException e) {
      throw asIo(name, e);
    }
  }

  /** The file's {@code metadata_props}. */
  Map<String, String> metadata() throws IOException {
    try {
      return session.getMetadata().getCustomMetadata();
    } catch (OrtException e) {
      throw asIo(name, e);
    }
  }

  private static List<TensorSpec> specs(Collection<NodeInfo> nodes) {
    return nodes.stream()
        .map(
            node ->
                node.getInfo() instanceof TensorInfo info
                    ? TensorSpec.of(node.getName(), typeName(info), info.getShape())
                    : TensorSpec.of(node.getName(), "no tensor"))
        .toList();
  }

  private static String typeName(TensorInfo info) {
    return info.onnxType.name().replace(TYPE_PREFIX, "").toLowerCase(Locale.ROOT);
  }

  /**
   * Counts a user in, who has to {@link #release} it.
   *
   * @throws IllegalStateException after {@link #close}
   */
  synchronized void retain() {
    if (closed) {
      throw new IllegalStateException(name + ": this model is closed");
    }
    users++;
  }

  /** Counts a user out; the last one after {@link #close} frees the session. */
  void release() {
    synchronized (this) {
      users--;
      if (users > 0 || !closed) {
        return;
      }
    }
    free();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (users > 0) {
        return;
      }
    }
    free();
  }

  private void free() {
    try {
      thread.call(
          () -> {
            session.close();
            return null;
          });
    } catch (Exception e) {
      throw new IllegalStateException(name + ": " + firstLine(e), e);
    } finally {
      thread.shutdown();
    }
  }

  /** A call over tensors that stay the same. It owns none of them. For one thread at a time. */
  final class Call {
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final Callable<Void> task = this::runSession;
    private long nanos;

    /** Results go into the tensors of {@code outputs}; other outputs are not computed. */
    Call(Map<String, DirectTensor> inputs, Map<String, DirectTensor> outputs) {
      this.inputs = natives(inputs);
      this.outputs = natives(outputs);
    }

    /**
     * Runs the session.
     *
     * @throws IllegalStateException if ONNX Runtime fails
     */
    void run() {
      onThread(task);
    }

    private Void runSession() throws OrtException {
      long start = System.nanoTime();
      session.run(inputs, outputs).close(); // the tensors are ours: this frees only the list
      nanos += System.nanoTime() - start;
      return null;
    }

    /** Nanoseconds spent inside the session by this call. */
    long nanos() {
      return nanos;
    }
  }

  /**
   * Runs the session once, for the outputs of these names, in their order.
   *
   * @throws IllegalStateException if ONNX Runtime fails, or an output is no tensor of numbers
   */
  Map<String, NumpyArray> runOnce(Map<String, DirectTensor> inputs, Set<String> outputs) {
    return onThread(
        () -> {
          try (OrtSession.Result result = session.run(natives(inputs), outputs)) {
            Map<String, NumpyArray> arrays = new LinkedHashMap<>();
            for (Map.Entry<String, OnnxValue> output : result) {
              arrays.put(output.getKey(), DirectTensor.read(name, output));
            }
            return arrays;
          }
        });
  }

  private static Map<String, OnnxTensor> natives(Map<String, DirectTensor> tensors) {
    Map<String, OnnxTensor> natives = new HashMap<>();
    tensors.forEach((role, tensor) -> natives.put(role, tensor.tensor()));
    return natives;
  }

  private <T> T onThread(Callable<T> task) {
    try {
      return thread.call(task);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(name + ": ONNX Runtime failed: " + firstLine(e), e);
    }
  }
}
