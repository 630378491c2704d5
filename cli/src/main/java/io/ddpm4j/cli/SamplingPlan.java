package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The ways to sample that a measurement was asked for, in the order in which they are taken. */
final class SamplingPlan {
  private final EvaluationInputs inputs;
  private final SampleQualityOptions options;
  private final SampleSets sets;

  /**
   * One of them.
   *
   * @param samples hash of what its samples depend on
   */
  record Planned(SampleQualityOptions.Method method, String samples) {}

  SamplingPlan(EvaluationInputs inputs, SampleQualityOptions options, SampleSets sets) {
    this.inputs = inputs;
    this.options = options;
    this.sets = sets;
  }

  /**
   * What was asked for, the cheapest first: a set of five steps is there in minutes, one of a
   * thousand in hours.
   *
   * @throws UsageException if something does not fit the model
   */
  List<Planned> of(DiffusionPipeline model) throws IOException {
    if (options.usualSamplers()) {
      BetaSchedules.require(SampleQualityOptions.AGAINST_STEPS, model);
    }
    Warnings warnings = new Warnings(inputs.terminal());
    List<Planned> plan = new ArrayList<>();
    for (SampleQualityOptions.Method asked : options.methods(model.schedule().trainTimesteps())) {
      inputs.terminal().interrupts().cancellation().throwIfCancelled();
      SampleQualityOptions.Method method = fitting(model, asked);
      try (DiffusionPipeline pipeline = over(model, method)) {
        pipeline.sampler().warning(pipeline.schedule()).ifPresent(warnings);
        plan.add(new Planned(method, SampleSets.hash(sets.settings(pipeline))));
      }
    }
    plan.sort(Comparator.comparing(planned -> planned.method.steps().orElse(Integer.MAX_VALUE)));
    return plan;
  }

  /**
   * A method with steps that it has: some solvers have one less than the model has timesteps, which
   * stands for all of them where the user did not say how many.
   */
  private SampleQualityOptions.Method fitting(
      DiffusionPipeline model, SampleQualityOptions.Method asked) throws IOException {
    int all = model.schedule().trainTimesteps();
    if (!options.usualSteps() || asked.steps().filter(n -> n == all).isEmpty() || all == 1) {
      return asked;
    }
    try {
      over(model, asked).close();
      return asked;
    } catch (UsageException e) {
      return new SampleQualityOptions.Method(asked.sampler(), Optional.of(all - 1));
    }
  }

  /** A way to sample, over the network that is open already. */
  static DiffusionPipeline over(DiffusionPipeline model, SampleQualityOptions.Method method)
      throws IOException {
    SamplerFactory factory =
        method.sampler().isPresent() ? Samplers.named(method.sampler().get()) : Samplers::of;
    OptionalInt steps =
        method.steps().isPresent() ? OptionalInt.of(method.steps().get()) : OptionalInt.empty();
    try {
      return model.withSampler(factory, steps);
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }
}
