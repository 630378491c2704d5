package io.ddpm4j.cli;

import io.ddpm4j.runtime.sampling.LinearSampler;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A sampling method and its steps, as {@code ddim:50} says them.
 *
 * @param name of {@link Samplers}
 * @param steps 0 for every timestep
 */
record LoopMethod(String name, int steps) {

  /** From {@code NAME} or {@code NAME:N}. */
  static final class Converter implements ITypeConverter<LoopMethod> {
    @Override
    public LoopMethod convert(String value) {
      int colon = value.indexOf(':');
      String name = new Names.Sampler().convert(colon < 0 ? value : value.substring(0, colon));
      String steps = colon < 0 ? "" : value.substring(colon + 1);
      if (colon >= 0 && !steps.matches("0*[1-9]\\d{0,5}")) {
        throw new TypeConversionException(
            "expected NAME or NAME:STEPS with at least 1 step, found '" + value + "'");
      }
      return new LoopMethod(name, colon < 0 ? 0 : Integer.parseInt(steps));
    }
  }

  /**
   * A method as a table of steps can hold it.
   *
   * @param model for the list of those that could be meant
   * @throws UsageException if it is none; the message lists those that are
   */
  static LinearSampler linear(Sampler sampler, SchedulerConfig model) {
    if (isLoop(sampler)) {
      return (LinearSampler) sampler;
    }
    List<String> names = Samplers.names().stream().filter(name -> isLoop(name, model)).toList();
    throw new UsageException(
        "%s: expected a method from noise to images whose steps are weighted sums (of this model: %s), found %s"
            .formatted(LoopExport.SAMPLER, String.join(", ", names), sampler.name()));
  }

  private static boolean isLoop(Sampler sampler) {
    return sampler instanceof LinearSampler && !sampler.isInverse();
  }

  private static boolean isLoop(String name, SchedulerConfig model) {
    try {
      return isLoop(Samplers.named(name).create(model));
    } catch (IllegalArgumentException e) { // not of this model
      return false;
    }
  }
}
