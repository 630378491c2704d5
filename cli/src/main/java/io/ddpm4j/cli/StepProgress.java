package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.sampling.StepListener;
import java.util.function.Function;

/** Shows the steps of a generation in a progress bar. */
final class StepProgress implements StepListener {
  private final ProgressBar bar;
  private final GenerationRequest request;

  private StepProgress(ProgressBar bar, GenerationRequest request) {
    this.bar = bar;
    this.request = request;
  }

  /**
   * Generates, with a bar.
   *
   * @param title what is done
   * @param how such as {@link DiffusionPipeline#generate(GenerationRequest)}
   */
  static GenerationResult run(
      Terminal terminal,
      String title,
      GenerationRequest request,
      Function<GenerationRequest, GenerationResult> how) {
    try (ProgressBar bar = new ProgressBar(terminal, title)) {
      StepListener shown = new StepProgress(bar, request);
      return how.apply(
          request
              .withListener(request.listener().map(first -> first.andThen(shown)).orElse(shown))
              .withCancellation(terminal.interrupts().cancellation()));
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }

  @Override
  public void onStep(Step step) {
    long before = step.firstImage() - request.firstImage();
    int batch = step.images();
    int images = request.images();
    String which =
        batch == images ? "" : ", images %d-%d of %d".formatted(before + 1, before + batch, images);
    bar.update(
        before * step.count() + (long) batch * (step.index() + 1),
        (long) images * step.count(),
        "step %d/%d%s".formatted(step.index() + 1, step.count(), which));
  }
}
