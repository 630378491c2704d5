package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.lowering.Hoisting;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.nio.ByteBuffer;
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
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Runs whole train steps in ONNX Runtime. The threads divide the batch into {@link Shards}, each
 * running the {@link GradientGraph} on its own ones, and then the state vectors into pieces, each
 * running the {@link UpdateGraph}. Holds two sets of state vectors: a step reads one and writes the
 * other, pinned as outputs, then they swap; nothing is copied or allocated. The result depends on
 * the number of threads and the size of a shard by rounding only, and is the same bit for bit
 * whenever these are. Not thread-safe; owns its sessions and tensors, whose buffers go with it.
 */
public final class TrainSession implements AutoCloseable {
  /** Elements of the pieces in which state vectors are updated: a dozen of them fit a cache. */
  private static final int PIECE = 1 << 16;

  private final OrtEnvironment environment = environment();
  private final NativeTensors tensors = new NativeTensors(environment);
  private final TrainStepConfig config;
  private final Shards shards;
  private final ThreadTeam team;
  private final ParameterLayout layout;
  private final List<String> stateNames;
  private final OrtSession preparation; // null where there is nothing to prepare
  private final OrtSession gradient;
  private final OrtSession addition;
  private final OrtSession sum;
  private final OrtSession update;
  private final List<List<FloatBuffer>> vectors = new ArrayList<>(); // [set][state vector]
  private final List<Map<String, OnnxTensor>> weights = new ArrayList<>(); // [set]
  private final List<Map<String, OnnxTensor>> needed = new ArrayList<>(); // [set], to prepare
  private final Map<String, OnnxTensor> prepared = new LinkedHashMap<>();
  private final List<Gradient> gradients = new ArrayList<>(); // [thread], over its shards
  private final List<Gradient> others = new ArrayList<>(); // [thread], of a shard but the first
  private final List<ShardMasks> masks = new ArrayList<>(); // [thread]
  private final List<Piece> pieces = new ArrayList<>();
  private final LongBuffer step;
  private final FloatBuffer learningRate;
  private final FloatBuffer gradientFactor;
  private final FloatBuffer sampleLoss;
  private final List<OnnxTensor> sampleLosses = new ArrayList<>(); // [shard]
  private int current;
  private boolean closed;

  /**
   * What a step found.
   *
   * @param loss the weighted sum of the images' losses, their mean unless weights were given; NaN
   *     or infinite if training has broken down, in which case the state is the one from before the
   *     step
   * @param gradientNorm before clipping
   */
  public record Result(float loss, float gradientNorm) {
    /** False if the step must not be kept. */
    public boolean isFinite() {
      return Float.isFinite(loss) && Float.isFinite(gradientNorm);
    }
  }

  /**
   * How a step is run.
   *
   * @param threads at least 1; each works on images of its own
   * @param shard images that a thread works on at a time; empty for what is fastest
   * @param standard whether convolutions are run as ONNX's Conv, not as matrix products
   * @param profile prefix of a file to which ONNX Runtime writes the time of every operator
   */
  public record Options(int threads, OptionalInt shard, boolean standard, Optional<Path> profile) {
    /** Refuses less than one thread, and shards without images. */
    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
      }
      if (shard.isPresent() && shard.getAsInt() < 1) {
        throw new IllegalArgumentException(
            "shard: expected at least 1 image, found " + shard.getAsInt());
      }
    }

    /** So many threads, everything else as is best here. */
    public static Options ofThreads(int threads) {
      return new Options(threads, OptionalInt.empty(), false, Optional.empty());
    }
  }

  /** A vector of gradients, as a whole and as the outputs of the gradient graph. */
  private record Gradient(
      FloatBuffer vector, OnnxTensor whole, Map<String, OnnxTensor> ofParameters) {}

  /** A piece of the vectors: its tensors, for each set of state that is read. */
  private record Piece(
      Map<String, OnnxTensor> gradients,
      Map<String, OnnxTensor> sum,
      FloatBuffer sumOfSquares,
      List<Map<String, OnnxTensor>> inputs,
      List<Map<String, OnnxTensor>> outputs) {}

  /**
   * Creates the sessions; takes seconds for a large network.
   *
   * @throws IllegalStateException if ONNX Runtime refuses a graph
   */
  public TrainSession(TrainStepConfig config, Options how) {
    this.config = config;
    stateNames = UpdateGraph.state(config);
    int batch = config.batchSize();
    shards =
        how.shard().isPresent()
            ? Shards.division(batch, how.threads(), Math.min(batch, how.shard().getAsInt()))
            : Shards.of(batch, how.threads(), elements(config.unet()));
    team = tensors.own(new ThreadTeam(shards.threads()));
    try {
      GradientGraph graph = GradientGraph.build(config, shards.images());
      layout = graph.layout();
      Graph lowered =
          how.standard()
              ? TrainLowering.standard(graph.graph())
              : TrainLowering.pixelMajor(graph.graph());
      Set<String> parameters =
          layout.entries().stream().map(ParameterLayout.Entry::name).collect(Collectors.toSet());
      Hoisting parts = Hoisting.of(lowered, parameters);
      preparation =
          parts.first().nodes().isEmpty()
              ? null
              : session(parts.first(), shards.threads(), Optional.empty());
      gradient = session(parts.rest(), 1, how.profile());
      for (Map.Entry<String, Value> output : parts.first().outputs().entrySet()) {
        long[] shape = output.getValue().shape().sizes();
        int elements = Math.toIntExact(output.getValue().shape().elements());
        prepared.put(output.getKey(), tensors.of(NativeTensors.floats(elements), 0, shape));
      }
      addition = session(UpdateGraph.addition(), 1, Optional.empty());
      sum = session(UpdateGraph.sum(shards.threads()), 1, Optional.empty());
      update = session(UpdateGraph.build(config), 1, Optional.empty());
      int size = layout.size();
      for (int set = 0; set < 2; set++) {
        vectors.add(stateNames.stream().map(name -> NativeTensors.floats(size)).toList());
        weights.add(byParameter(vectors.get(set).get(0), name -> name));
        needed.add(new LinkedHashMap<>(weights.get(set)));
        needed.get(set).keySet().retainAll(inputNames(parts.first()));
      }
      for (int thread = 0; thread < shards.threads(); thread++) {
        gradients.add(newGradient());
        if (shards.count() > shards.threads()) {
          others.add(newGradient());
        }
        masks.add(new ShardMasks(tensors, graph.masks()));
      }
      step = NativeTensors.longs(1);
      learningRate = NativeTensors.floats(1);
      gradientFactor = NativeTensors.floats(1);
      sampleLoss = NativeTensors.floats(shards.places());
      for (int shard = 0; shard < shards.count(); shard++) {
        sampleLosses.add(tensors.of(sampleLoss, shard * shards.images(), shards.images()));
      }
      Map<String, OnnxTensor> scalars =
          Map.of(
              "step", tensors.of(step, 0),
              "learning_rate", tensors.of(learningRate, 0),
              "gradient_factor", tensors.of(gradientFactor, 0));
      for (int offset = 0; offset < size; offset += PIECE) {
        pieces.add(piece(offset, Math.min(PIECE, size - offset), scalars));
      }
    } catch (OrtException e) {
      closeAfter(e);
      throw new IllegalStateException("ONNX Runtime refuses the train graph: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  private static long elements(UNetConfig unet) {
    return (long) unet.blockOutChannels().get(0) * unet.sampleSize() * unet.sampleSize();
  }

  private static Set<String> inputNames(Graph graph) {
    return graph.inputs().stream().map(Value::name).collect(Collectors.toSet());
  }

  private Gradient newGradient() throws OrtException {
    FloatBuffer vector = NativeTensors.floats(layout.size());
    return new Gradient(
        vector,
        tensors.of(vector, 0, layout.size()),
        byParameter(vector, GradientGraph::gradientOf));
  }

  private Map<String, OnnxTensor> byParameter(FloatBuffer vector, UnaryOperator<String> naming)
      throws OrtException {
    Map<String, OnnxTensor> parts = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      parts.put(
          naming.apply(entry.name()), tensors.of(vector, entry.offset(), entry.stored().sizes()));
    }
    return parts;
  }

  private Piece piece(int offset, int size, Map<String, OnnxTensor> scalars) throws OrtException {
    Map<String, OnnxTensor> parts = new LinkedHashMap<>();
    for (int thread = 0; thread < gradients.size(); thread++) {
      parts.put("gradient_" + thread, tensors.of(gradients.get(thread).vector(), offset, size));
    }
    FloatBuffer sumOfSquares = NativeTensors.floats(1);
    Map<String, OnnxTensor> sums = new LinkedHashMap<>();
    if (parts.size() > 1) {
      sums.put("gradient", parts.get("gradient_0")); // each element is read before it is written
    }
    sums.put("sum_of_squares", tensors.of(sumOfSquares, 0));
    List<Map<String, OnnxTensor>> inputs = new ArrayList<>();
    List<Map<String, OnnxTensor>> outputs = new ArrayList<>();
    for (int set = 0; set < 2; set++) {
      Map<String, OnnxTensor> in = new LinkedHashMap<>(scalars);
      Map<String, OnnxTensor> out = new LinkedHashMap<>();
      in.put("gradient", parts.get("gradient_0"));
      for (int i = 0; i < stateNames.size(); i++) {
        String name = stateNames.get(i);
        in.put(name, tensors.of(vectors.get(set).get(i), offset, size));
        out.put("new_" + name, tensors.of(vectors.get(1 - set).get(i), offset, size));
      }
      inputs.add(in);
      outputs.add(out);
    }
    return new Piece(parts, sums, sumOfSquares, inputs, outputs);
  }

  /** Frees what a constructor that fails has made. */
  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
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

  /**
   * @param threads 1 where threads divide the work among themselves
   */
  private OrtSession session(Graph graph, int threads, Optional<Path> profile) throws OrtException {
    OrtSession.SessionOptions options = tensors.own(new OrtSession.SessionOptions());
    options.setIntraOpNumThreads(threads);
    options.addConfigEntry("session.intra_op.allow_spinning", "0"); // others wait for the processor
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    options.setMemoryPatternOptimization(false); // measured: 5 to 10 % faster on train graphs
    if (profile.isPresent()) {
      options.enableProfiling(profile.get().toString());
    }
    byte[] model = OnnxWriter.toBytes(OnnxModel.of(graph));
    return tensors.own(environment.createSession(model, options));
  }

  /** The state before the first step: weights and their averages; both moments are zero. */
  public void initialize(float[] weights) {
    float[] zeros = new float[weights.length];
    List<float[]> state = new ArrayList<>(List.of(weights, zeros, zeros));
    config.averages().forEach(average -> state.add(weights));
    setState(state);
  }

  /** The names of the state vectors, those of {@link UpdateGraph#state}. */
  public List<String> stateNames() {
    return stateNames;
  }

  /** Replaces the state by vectors in the order of {@link #stateNames}. */
  public void setState(List<float[]> state) {
    int size = layout.size();
    if (state.size() != stateNames.size()
        || state.stream().anyMatch(vector -> vector.length != size)) {
      throw new IllegalArgumentException(
          "state: expected "
              + stateNames.size()
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
    return vectors.get(current).get(stateNames.indexOf(name)).asReadOnlyBuffer();
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

  /** The loss of each image of the last step, not weighted. */
  public FloatBuffer sampleLoss() {
    return sampleLoss.slice(0, config.batchSize()).asReadOnlyBuffer();
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
    private final FloatBuffer sampleWeights;
    private MaskSource masks;
    private final List<Map<String, OnnxTensor>> feeds = new ArrayList<>(); // [shard]

    private Inputs() throws OrtException {
      UNetConfig unet = config.unet();
      int n = shards.images();
      long[] shape = {n, unet.inChannels(), unet.sampleSize(), unet.sampleSize()};
      int image = unet.inChannels() * unet.sampleSize() * unet.sampleSize();
      int places = shards.places();
      images = NativeTensors.bytes(Math.multiplyExact(places, image));
      noise = NativeTensors.floats(Math.multiplyExact(places, image));
      timesteps = NativeTensors.longs(places);
      labels = NativeTensors.longs(places);
      sampleWeights = NativeTensors.floats(places); // 0 where there is no image
      for (int i = 0; i < config.batchSize(); i++) {
        sampleWeights.put(i, 1f / config.batchSize());
      }
      for (int shard = 0; shard < shards.count(); shard++) {
        int first = shard * n;
        Map<String, OnnxTensor> of = new LinkedHashMap<>();
        of.put("images", tensors.of(images, first * image, shape));
        of.put("noise", tensors.of(noise, first * image, shape));
        of.put("timestep", tensors.of(timesteps, first, n));
        of.put("sample_weight", tensors.of(sampleWeights, first, n));
        if (unet.numClassEmbeds() > 0) {
          of.put("class_labels", tensors.of(labels, first, n));
        }
        feeds.add(of);
      }
    }

    private int pixels() {
      UNetConfig unet = config.unet();
      return config.batchSize() * unet.inChannels() * unet.sampleSize() * unet.sampleSize();
    }

    /** uint8 (N, C, H, W). */
    public ByteBuffer images() {
      return images.slice(0, pixels());
    }

    /** int64 (N). */
    public LongBuffer timesteps() {
      return timesteps.slice(0, config.batchSize());
    }

    /** float (N, C, H, W). */
    public FloatBuffer noise() {
      return noise.slice(0, pixels());
    }

    /** int64 (N); ignored by an unconditional network. */
    public LongBuffer labels() {
      return labels.slice(0, config.batchSize());
    }

    /** float (N), the weight of each image in the step's loss; 1/N unless written to. */
    public FloatBuffer sampleWeights() {
      return sampleWeights.slice(0, config.batchSize());
    }

    /** Where a network with dropout has its masks from; others do not need any. */
    public void masks(MaskSource source) {
      masks = source;
    }
  }

  /**
   * Runs one step. If its loss or gradient is not finite, the state stays as it was.
   *
   * @param number 1 for the first step
   */
  public Result step(Inputs inputs, long number, double rate) {
    if (closed) {
      throw new IllegalStateException("the train session is closed");
    }
    if (inputs.masks == null && config.unet().dropout() > 0) {
      throw new IllegalArgumentException("masks: expected a source, for the dropout, found none");
    }
    try {
      if (preparation != null) {
        preparation.run(needed.get(current), Set.of(), prepared).close();
      }
      team.run(thread -> gradient(thread, inputs));
      double loss = 0;
      for (int i = 0; i < config.batchSize(); i++) {
        loss += (double) inputs.sampleWeights.get(i) * sampleLoss.get(i);
      }
      team.run(this::sum);
      double squares = 0;
      for (Piece piece : pieces) {
        squares += piece.sumOfSquares().get(0);
      }
      double norm = Math.sqrt(squares);
      Result result = new Result((float) loss, (float) norm);
      if (result.isFinite()) {
        step.put(0, number);
        learningRate.put(0, (float) rate);
        gradientFactor.put(0, (float) config.clipping().factor(norm));
        team.run(this::update);
        current = 1 - current;
      }
      return result;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the train step failed: " + e.getMessage(), e);
    }
  }

  /** Runs a thread's shards and adds their gradients up. */
  private void gradient(int thread, Inputs inputs) throws OrtException {
    Gradient sum = gradients.get(thread);
    for (int shard = thread; shard < shards.count(); shard += shards.threads()) {
      Gradient own = shard == thread ? sum : others.get(thread);
      Map<String, OnnxTensor> feeds = new LinkedHashMap<>(inputs.feeds.get(shard));
      feeds.putAll(weights.get(current));
      feeds.putAll(prepared);
      ShardMasks dropout = masks.get(thread);
      int first = shard * shards.images();
      int end = Math.min(first + shards.images(), config.batchSize());
      dropout.draw(inputs.masks, first, end, shards.images());
      feeds.putAll(dropout.feeds());
      Map<String, OnnxTensor> results = new LinkedHashMap<>(own.ofParameters());
      results.put("sample_loss", sampleLosses.get(shard));
      gradient.run(feeds, Set.of(), results).close(); // the results are in the pinned buffers
      if (own != sum) { // each element is read before it is written
        addition
            .run(
                Map.of("gradient", sum.whole(), "other", own.whole()),
                Set.of(),
                Map.of("sum", sum.whole()))
            .close();
      }
    }
  }

  private void sum(int thread) throws OrtException {
    for (int i = thread; i < pieces.size(); i += shards.threads()) {
      sum.run(pieces.get(i).gradients(), Set.of(), pieces.get(i).sum()).close();
    }
  }

  private void update(int thread) throws OrtException {
    for (int i = thread; i < pieces.size(); i += shards.threads()) {
      Piece piece = pieces.get(i);
      update.run(piece.inputs().get(current), Set.of(), piece.outputs().get(current)).close();
    }
  }

  /** What a step computes. */
  public TrainStepConfig config() {
    return config;
  }

  /** Where each parameter lies in the state vectors, (P). */
  public ParameterLayout layout() {
    return layout;
  }

  /** Frees sessions and tensors; a second call does nothing. */
  @Override
  public void close() {
    closed = true;
    tensors.close();
  }
}
