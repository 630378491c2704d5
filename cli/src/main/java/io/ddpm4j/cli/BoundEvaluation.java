package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.likelihood.BoundStatistics;
import io.ddpm4j.runtime.likelihood.VariationalBound;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The variational bound of a model, term by term. */
final class BoundEvaluation {
  private final EvaluationRequest request;
  private final LikelihoodOptions options;

  BoundEvaluation(EvaluationRequest request, LikelihoodOptions options) {
    this.request = request;
    this.options = options;
  }

  /** Measures, writes and says what was found; returns the exit code. */
  int run() throws IOException {
    VariationalBound bound = options.bound(request.pipeline());
    int wanted = request.images(LikelihoodEvaluation.USUAL_IMAGES);
    requireVariance();
    FolderLock lock = EvaluationFolder.lock(request.folder(), request.terminal());
    try (lock) {
      return run(bound, wanted);
    }
  }

  private int run(VariationalBound bound, int wanted) throws IOException {
    int steps = bound.spaced().steps();
    EvaluationState state =
        EvaluationState.open(
            request.folder().resolve(BoundReport.STATE),
            settings(bound),
            new BoundStatistics(steps).stored().figures());
    BoundStatistics statistics = new BoundStatistics(steps, state.statistics());
    EvaluationLoop loop = new EvaluationLoop(request, state, wanted);
    BoundReport report = new BoundReport(request, bound.spaced(), statistics, state);
    report.printPlan(wanted);
    NoiseSource noise = NoiseSource.ofSeed(request.seed());
    boolean done = loop.run((network, run) -> statistics.add(bound.evaluate(network, noise, run)));
    if (statistics.images() > 0) {
      report.print();
      report.write();
    }
    return done ? Main.OK : loop.interrupted();
  }

  private void requireVariance() throws IOException {
    if (!options.variance(request.pipeline()).isLearned()) {
      return;
    }
    try (BatchNetwork network = request.pipeline().network(1)) {
      if (!network.learnsVariance()) {
        throw new UsageException(
            "--variance: expected fixed_small or fixed_large, since %s predicts no variance, found %s"
                .formatted(request.pipeline().model().name(), variance()));
      }
    }
  }

  private String variance() {
    return options.variance(request.pipeline()).name().toLowerCase(Locale.ROOT);
  }

  private Map<String, String> settings(VariationalBound bound) {
    Map<String, String> settings = common(request);
    DiffusionPipeline pipeline = request.pipeline();
    NoiseSchedule schedule = bound.spaced().schedule();
    settings.put(
        "timesteps",
        bound.spaced().steps()
            + " of "
            + pipeline.schedule().trainTimesteps()
            + ", "
            + Integer.toHexString(bound.spaced().hashCode()));
    settings.put("last alphas_cumprod", "" + schedule.alphaCumprod(bound.spaced().steps() - 1));
    settings.put("variance", variance());
    double clip = options.clipTo(pipeline);
    settings.put("clip", Double.isInfinite(clip) ? "none" : Numbers.plain(clip));
    settings.put("decoder", options.decoderName());
    return settings;
  }

  /** What every evaluation of likelihoods depends on. */
  static Map<String, String> common(EvaluationRequest request) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("model", request.fingerprint());
    settings.put(
        EvaluationState.DATA,
        request.images().label() + ", " + request.images().size() + " images");
    settings.putAll(ModelFacts.of(request.pipeline()));
    settings.put("classes", request.images().classes());
    settings.put("seed", Long.toString(request.seed()));
    settings.put("device", request.device());
    settings.put(
        EvaluationState.PIXELS, // in the seed's order
        request.images().fingerprint(request.terminal().interrupts().cancellation()));
    return settings;
  }
}
