package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.likelihood.BoundStatistics.Figure;
import io.ddpm4j.runtime.likelihood.Dequantisation;
import io.ddpm4j.runtime.likelihood.ImageRun;
import io.ddpm4j.runtime.likelihood.ProbabilityFlow;
import io.ddpm4j.runtime.likelihood.SampleStatistics;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** The likelihood of the probability-flow ODE. */
final class FlowEvaluation {
  private static final String STATE = "ode.state.json";
  private static final String RESULT = "ode.json";

  private final EvaluationRequest request;
  private final LikelihoodOptions options;

  FlowEvaluation(EvaluationRequest request, LikelihoodOptions options) {
    this.request = request;
    this.options = options;
  }

  /** Measures, writes and says what was found; returns the exit code. */
  int run() throws IOException {
    ProbabilityFlow flow = options.flow(request.pipeline());
    int wanted = request.images(LikelihoodEvaluation.USUAL_IMAGES);
    FolderLock lock = EvaluationFolder.lock(request.folder(), request.terminal());
    try (lock) {
      return run(flow, wanted);
    }
  }

  private int run(ProbabilityFlow flow, int wanted) throws IOException {
    EvaluationState state = EvaluationState.open(request.folder().resolve(STATE), settings(), 1);
    EvaluationLoop loop = new EvaluationLoop(request, state, wanted);
    printPlan(flow, wanted, state);
    SampleStatistics bits = state.statistics();
    Dequantisation levels = Dequantisation.ofSeed(request.seed(), request.pipeline().valueRange());
    NoiseSource probes = NoiseSource.ofSeed(request.seed());
    boolean done =
        loop.run(
            (network, run) -> {
              for (double density : density(flow, network, probes, levels, run)) {
                bits.add(density + levels.bitsOfLevel());
              }
            });
    if (bits.count() > 0) {
      report(bits, state);
    }
    return done ? Main.OK : loop.interrupted();
  }

  private double[] density(
      ProbabilityFlow flow,
      BatchNetwork network,
      NoiseSource probes,
      Dequantisation levels,
      ImageRun run) {
    if (options.dequantises()) {
      levels.add(run.x0(), run.images(), network.elements(), run.firstImage());
    }
    return flow.bitsPerDimension(network, probes, run);
  }

  private Map<String, String> settings() {
    Map<String, String> settings = BoundEvaluation.common(request);
    settings.put("steps of the ODE", Integer.toString(options.odeSteps()));
    settings.put("probe step", Numbers.plain(options.probeStep()));
    settings.put("dequantisation", options.dequantises() ? "uniform" : "none");
    return settings;
  }

  private void printPlan(ProbabilityFlow flow, int images, EvaluationState state) {
    PrintStream out = request.terminal().out();
    out.printf(
        "%s: %d images of %s%s, probability flow, %d calls of the network, %s, seed %d%n",
        request.pipeline().model().name(),
        images,
        request.images().label(),
        request.images().told(),
        flow.calls(),
        options.dequantises() ? "dequantised" : "not dequantised",
        request.seed());
    if (state.statistics().count() > 0) {
      out.printf("going on after %d images%n", state.statistics().count());
    }
    out.flush();
  }

  private void report(SampleStatistics bits, EvaluationState state) throws IOException {
    PrintStream out = request.terminal().out();
    out.printf("%-22s %12s %16s%n", "bits/dim", "mean", "standard error");
    out.printf(
        Locale.ROOT,
        "%-22s %12.6f %16.6f%n",
        "probability flow",
        bits.mean(0),
        bits.standardError(0));
    out.printf(
        Locale.ROOT,
        "%d images in %s, %.2f images/s%n",
        bits.count(),
        ProgressBar.clock(state.seconds()),
        bits.count() / state.seconds());
    JsonObject object = new JsonObject();
    object.addProperty("name", request.name());
    object.add("settings", new Gson().toJsonTree(state.settings()));
    object.addProperty("images", bits.count());
    object.addProperty("seconds", state.seconds());
    object.addProperty("unit", "bits per dimension");
    object.add("total", BoundReport.figure(new Figure(bits.mean(0), bits.standardError(0))));
    Path file = request.folder().resolve(RESULT);
    StateJson.writePlain(file, object);
    out.printf("%s (%s)%n", file, Outputs.size(file));
  }
}
