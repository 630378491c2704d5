package io.ddpm4j.trainer.step;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Runs whole train steps in ONNX Runtime. The threads divide the batch into {@link Shards}, each
 * running the {@link GradientGraph} on its own ones, and then the state vectors into pieces, each
 * running the {@link UpdateGraph}. A step reads one set of state vectors and writes another, pinned
 * as outputs; nothing is copied or allocated. The result depends on the number of threads and the
 * size of a shard by rounding only, and is the same bit for bit whenever these are. Not
 * thread-safe; owns its sessions and tensors, whose buffers go with it.
 */
public final class TrainSession implements AutoCloseable {
  private final NativeTensors tensors;
  private final StepPlan plan;
  private final ThreadTeam team;
  private final StateVectors state;
  private final GradientPass gradients;
  private final UpdatePass update;
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

  /**
   * Creates the sessions; takes seconds for a large network.
   *
   * @throws IllegalStateException if ONNX Runtime refuses a graph
   */
  public TrainSession(TrainTask task, Options how) {
    this(task, how, new NativeTensors(environment()));
  }

  /**
   * Creates the sessions.
   *
   * @param tensors own everything native; closed with this, or where this fails
   */
  TrainSession(TrainTask task, Options how, NativeTensors tensors) {
    this.tensors = tensors;
    try {
      plan = StepPlan.of(task, how);
      team = tensors.own(new ThreadTeam(plan.threads()));
      GradientGraph graph = GradientGraph.build(task, plan.shards().images());
      state = new StateVectors(tensors, graph.layout(), UpdateGraph.state(task));
      gradients = new GradientPass(tensors, plan, graph, state);
      update = new UpdatePass(tensors, task, state, gradients.sums());
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
      tensors.close();
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

  /** The state before the first step: weights and their averages; both moments are zero. */
  public void initialize(float[] weights) {
    float[] zeros = new float[weights.length];
    List<float[]> vectors = new ArrayList<>(List.of(weights, zeros, zeros));
    task().averages().forEach(average -> vectors.add(weights));
    setState(vectors);
  }

  /** The names of the state vectors, those of {@link UpdateGraph#state}. */
  public List<String> stateNames() {
    return state.names();
  }

  /** Replaces the state by vectors in the order of {@link #stateNames}. */
  public void setState(List<float[]> vectors) {
    state.set(vectors);
  }

  /** A state vector, valid until the next step; not to be written. */
  public FloatBuffer state(String name) {
    return state.get(name);
  }

  /** Whether every number of the state is finite: what a step wrote need not be. */
  public boolean stateIsFinite() {
    return state.isFinite();
  }

  /** The loss of each image of the last step, not weighted: (N). */
  public FloatBuffer sampleLoss() {
    return gradients.sampleLoss();
  }

  /**
   * Buffers for the inputs of a step; several can be filled ahead by another thread.
   *
   * @throws IllegalStateException if the session is closed
   */
  public StepInputs newInputs() {
    NativeTensors own = tensors.child();
    try {
      return new StepInputs(own, plan);
    } catch (OrtException e) {
      own.close();
      throw new IllegalStateException(e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      own.close();
      throw e;
    }
  }

  /**
   * Runs one step. If its loss or gradient is not finite, the state stays as it was.
   *
   * @param number 1 for the first step
   */
  public Result step(StepInputs inputs, long number, double rate) {
    if (closed) {
      throw new IllegalStateException("the train session is closed");
    }
    if (inputs.masks() == null && task().hasDropout()) {
      throw new IllegalArgumentException("masks: expected a source, for the dropout, found none");
    }
    try {
      gradients.prepare();
      team.run(thread -> gradients.run(thread, inputs));
      double loss = inputs.loss(gradients.sampleLoss());
      team.run(update::sum);
      double norm = update.norm();
      Result result = new Result((float) loss, (float) norm);
      if (result.isFinite()) {
        update.set(number, rate, task().clipping().factor(norm));
        team.run(update::update);
        state.swap();
      }
      return result;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the train step failed: " + e.getMessage(), e);
    }
  }

  /** What a step computes. */
  public TrainTask task() {
    return plan.task();
  }

  /** Where each parameter lies in the state vectors, (P). */
  public ParameterLayout layout() {
    return state.layout();
  }

  /** Frees sessions and tensors; a second call does nothing. */
  @Override
  public void close() {
    closed = true;
    tensors.close();
  }
}
