package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Runs a {@link TrainStepGraph} in ONNX Runtime. Holds two sets of state vectors: a step reads one
 * and writes the other, pinned as outputs, then they swap; nothing is copied or allocated. Not
 * thread-safe; owns all its native memory.
 */
public final class TrainSession implements AutoCloseable {
  private final OrtEnvironment environment = environment();
  private final TrainStepGraph graph;
  private final OrtSession session;
  private final List<Map<String, OnnxTensor>> inputState = new ArrayList<>();
  private final List<Map<String, OnnxTensor>> outputState = new ArrayList<>();
  private final List<List<FloatBuffer>> vectors = new ArrayList<>();
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final LongBuffer step;
  private final FloatBuffer learningRate;
  private final FloatBuffer loss;
  private final FloatBuffer gradientNorm;
  private final FloatBuffer sampleLoss;
  private final Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
  private int current;
  private boolean closed;

  /**
   * What a step found.
   *
   * @param loss the mean squared error of the batch; NaN or infinite if training has broken down,
   *     in which case the state is the one from before the step
   */
  public record Result(float loss, float gradientNorm) {
    /** False if the step must not be kept. */
    public boolean isFinite() {
      return Float.isFinite(loss) && Float.isFinite(gradientNorm);
    }
  }

  /**
   * How the graph is run.
   *
   * @param threads threads inside an operator, at least 1
   * @param channelBlock channels in a block of the blocked layout: 0 for standard operators, or
   *     {@link #probedBlock}, for another size would give wrong numbers; empty for what is faster
   * @param profile prefix of a file to which ONNX Runtime writes the time of every operator
   */
  public record Options(int threads, OptionalInt channelBlock, Optional<Path> profile) {
    /** Refuses less than one thread. */
    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
      }
    }

    /** So many threads, everything else as is best here. */
    public static Options ofThreads(int threads) {
      return new Options(threads, OptionalInt.empty(), Optional.empty());
    }
  }

  /**
   * Creates the session; takes seconds for a large network.
   *
   * @throws IllegalStateException if ONNX Runtime refuses the graph
   * @throws IllegalArgumentException if the channel block is not this processor's
   */
  public TrainSession(TrainStepGraph graph, Options how) {
    this.graph = graph;
    try {
      this.session = own(environment.createSession(model(graph, channelBlock(how)), options(how)));
      for (int set = 0; set < 2; set++) {
        Map<String, OnnxTensor> in = new LinkedHashMap<>();
        Map<String, OnnxTensor> out = new LinkedHashMap<>();
        List<FloatBuffer> buffers = new ArrayList<>();
        for (String name : TrainStepGraph.STATE) {
          FloatBuffer buffer = floats(graph.layout().size());
          OnnxTensor tensor = own(wrap(buffer, graph.layout().size()));
          in.put(name, tensor);
          out.put("new_" + name, tensor);
          buffers.add(buffer);
        }
        inputState.add(in);
        outputState.add(out);
        vectors.add(buffers);
      }
      step = bytes(Long.BYTES).asLongBuffer();
      feeds.put("step", own(OnnxTensor.createTensor(environment, step, new long[0])));
      learningRate = floats(1);
      feeds.put("learning_rate", own(wrap(learningRate)));
      loss = floats(1);
      pinned.put("loss", own(wrap(loss)));
      gradientNorm = floats(1);
      pinned.put("gradient_norm", own(wrap(gradientNorm)));
      int batch = graph.config().batchSize();
      sampleLoss = floats(batch);
      pinned.put("sample_loss", own(wrap(sampleLoss, batch)));
    } catch (OrtException e) {
      closeAfter(e);
      throw new IllegalStateException("ONNX Runtime refuses the train graph: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  /** Frees what a constructor that fails has made. */
  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private static byte[] model(TrainStepGraph graph, int channelBlock) {
    Graph lowered = TrainLowering.blocked(graph.graph(), channelBlock);
    return OnnxWriter.toBytes(OnnxModel.of(lowered));
  }

  private static int channelBlock(Options how) {
    if (how.channelBlock().isPresent() && how.channelBlock().getAsInt() == 0) {
      return 0;
    }
    int probed = probedBlock();
    int block = how.channelBlock().orElse(TrainLowering.worthwhile(probed));
    if (how.channelBlock().isPresent() && block != probed) {
      throw new IllegalArgumentException(
          "channel block: expected 0"
              + (probed == 0 ? "" : " or " + probed)
              + ", as ONNX Runtime has it on this processor, found "
              + block);
    }
    return block;
  }

  /** The channels of a block of ONNX Runtime's blocked layout on this processor; 0 without one. */
  public static int probedBlock() {
    OrtEnvironment environment = environment();
    byte[] probe = OnnxWriter.toBytes(OnnxModel.of(TrainLowering.probe()));
    float[] values = TrainLowering.probeInput();
    try (OrtSession probing = environment.createSession(probe);
        OnnxTensor x =
            OnnxTensor.createTensor(
                environment,
                floats(values.length).put(0, values),
                new long[] {1, values.length / 3, 1, 3});
        OrtSession.Result result = probing.run(Map.of("x", x))) {
      FloatBuffer y = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] blocked = new float[y.remaining()];
      y.get(blocked);
      return TrainLowering.blockOf(blocked);
    } catch (OrtException e) {
      return 0; // this build has no blocked layout: standard operators do
    }
  }

  /** ONNX Runtime's environment, whose telemetry is told to record nothing of models. */
  private static OrtEnvironment environment() {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try {
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new IllegalStateException(
          "ONNX Runtime does not turn its telemetry off: " + e.getMessage(), e);
    }
    return environment;
  }

  private OrtSession.SessionOptions options(Options how) throws OrtException {
    OrtSession.SessionOptions options = own(new OrtSession.SessionOptions());
    options.setIntraOpNumThreads(how.threads());
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    options.setMemoryPatternOptimization(false); // measured: 5 to 10 % faster on train graphs
    // Spinning gains 2 % on a quiet machine, but takes the processor from whatever else runs on it.
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    if (how.profile().isPresent()) {
      options.enableProfiling(how.profile().get().toString());
    }
    return options;
  }

  /** The state before the first step: weights and their average; both moments are zero. */
  public void initialize(float[] weights) {
    float[] zeros = new float[weights.length];
    setState(List.of(weights, zeros, zeros, weights));
  }

  /** Replaces the state by vectors in the order of {@link TrainStepGraph#STATE}. */
  public void setState(List<float[]> state) {
    int size = graph.layout().size();
    if (state.size() != vectors.get(current).size()
        || state.stream().anyMatch(vector -> vector.length != size)) {
      throw new IllegalArgumentException(
          "state: expected "
              + TrainStepGraph.STATE.size()
              + " vectors of "
              + size
              + " numbers, found "
              + state.stream().map(vector -> vector.length).toList());
    }
    for (int i = 0; i < state.size(); i++) {
      vectors.get(current).get(i).put(0, state.get(i));
    }
  }

  /** A state vector, valid until the next step; not to be written. */
  public FloatBuffer state(String name) {
    return vectors.get(current).get(TrainStepGraph.STATE.indexOf(name)).asReadOnlyBuffer();
  }

  /** Whether every number of the state is finite: what a step wrote need not be. */
  public boolean stateIsFinite() {
    for (FloatBuffer vector : vectors.get(current)) {
      for (int i = 0; i < vector.capacity(); i++) {
        if (!Float.isFinite(vector.get(i))) {
          return false;
        }
      }
    }
    return true;
  }

  /** The loss of each image of the last step. */
  public FloatBuffer sampleLoss() {
    return sampleLoss.asReadOnlyBuffer();
  }

  /** Buffers for the inputs of a step; several can be filled ahead by another thread. */
  public Inputs newInputs() {
    try {
      return new Inputs();
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** The inputs of one step in direct buffers, row-major; owned by the session. */
  public final class Inputs {
    private final ByteBuffer images;
    private final LongBuffer timesteps;
    private final FloatBuffer noise;
    private final LongBuffer labels;
    private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();

    private Inputs() throws OrtException {
      UNetConfig unet = graph.config().unet();
      long batch = graph.config().batchSize();
      long[] shape = {batch, unet.inChannels(), unet.sampleSize(), unet.sampleSize()};
      int elements = Math.toIntExact(shape[0] * shape[1] * shape[2] * shape[3]);
      images = bytes(elements);
      noise = floats(elements);
      timesteps = bytes((int) batch * Long.BYTES).asLongBuffer();
      labels = bytes((int) batch * Long.BYTES).asLongBuffer();
      tensors.put(
          "images", own(OnnxTensor.createTensor(environment, images, shape, OnnxJavaType.UINT8)));
      tensors.put("noise", own(wrap(noise, shape)));
      long[] each = {batch};
      tensors.put("timestep", own(OnnxTensor.createTensor(environment, timesteps, each)));
      if (unet.numClassEmbeds() > 0) {
        tensors.put("class_labels", own(OnnxTensor.createTensor(environment, labels, each)));
      }
    }

    /** uint8 (N, C, H, W). */
    public ByteBuffer images() {
      return images;
    }

    /** int64 (N). */
    public LongBuffer timesteps() {
      return timesteps;
    }

    /** float (N, C, H, W). */
    public FloatBuffer noise() {
      return noise;
    }

    /** int64 (N); ignored by an unconditional network. */
    public LongBuffer labels() {
      return labels;
    }
  }

  /**
   * Runs one step. If its loss or gradient is not finite, the state stays as it was.
   *
   * @param number 1 for the first step
   */
  public Result step(Inputs inputs, long number, double rate) {
    step.put(0, number);
    learningRate.put(0, (float) rate);
    feeds.putAll(inputs.tensors);
    feeds.putAll(inputState.get(current));
    pinned.putAll(outputState.get(1 - current));
    try {
      session.run(feeds, Set.of(), pinned).close(); // the results are in the pinned buffers
      Result result = new Result(loss.get(0), gradientNorm.get(0));
      if (result.isFinite()) {
        current = 1 - current;
      }
      return result;
    } catch (OrtException e) {
      throw new IllegalStateException("the train step failed: " + e.getMessage(), e);
    }
  }

  /** What the session runs. */
  public TrainStepGraph graph() {
    return graph;
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  private static FloatBuffer floats(int size) {
    return bytes(Math.multiplyExact(size, Float.BYTES)).asFloatBuffer();
  }

  private OnnxTensor wrap(FloatBuffer buffer, long... shape) throws OrtException {
    return OnnxTensor.createTensor(environment, buffer, shape);
  }

  /** Frees all native memory; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    IllegalStateException failure = null;
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (Exception e) { // the others are freed all the same
        if (failure == null) {
          failure = new IllegalStateException("closing the train session: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
