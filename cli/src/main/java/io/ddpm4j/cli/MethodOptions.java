package io.ddpm4j.cli;

import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/** What a sampling method is told beside its name and its steps. */
final class MethodOptions {
  static final String SET = "--set";
  static final String VARIANCE = "--variance";

  /** Fields that say one by one where the network is called. */
  private static final Set<String> CALLS = Set.of("timesteps", "timestep_respacing", "sigmas");

  @Option(
      names = SET,
      paramLabel = "FIELD=VALUE",
      converter = Names.Field.class,
      description =
          "A field of the sampler's scheduler configuration, such as use_karras_sigmas=true; may"
              + " be given several times (default: as the model has it).")
  private List<Map.Entry<String, String>> fields; // null: none

  @Option(
      names = VARIANCE,
      paramLabel = "TYPE",
      converter = Names.Variance.class,
      description = "Variance of a step: fixed_small or fixed_large (default: the model's).")
  private VarianceType variance;

  /** The options of this class that the user gave. */
  List<String> given() {
    return variance != null
        ? fields != null ? List.of(VARIANCE, SET) : List.of(VARIANCE)
        : fields != null ? List.of(SET) : List.of();
  }

  /** Whether the fields say where the network is called. */
  boolean saysCalls() {
    return fields().stream().map(Map.Entry::getKey).anyMatch(CALLS::contains);
  }

  /**
   * The configuration of the method for a model.
   *
   * @param sampler the method's name; null for that of the model's own class
   * @throws UsageException if a field does not suit it
   */
  SchedulerConfig configuration(String sampler, SchedulerConfig model) {
    SchedulerConfig said = variance == null ? model : model.with("variance_type", variance.label());
    SchedulerConfig changed = sampler == null ? said : Samplers.configuration(sampler, said);
    try {
      for (Map.Entry<String, String> field : fields()) {
        changed = changed.withJson(field.getKey(), field.getValue());
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(SET + ": " + e.getMessage());
    }
    return changed;
  }

  private List<Map.Entry<String, String>> fields() {
    return fields == null ? List.of() : fields;
  }
}
