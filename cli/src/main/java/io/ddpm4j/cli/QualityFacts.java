package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.Guidance;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the figures of a table of sample quality depend on, all its rows alike.
 *
 * @param model opened in any of the ways to sample
 * @param request of the samples, however many
 */
record QualityFacts(
    EvaluationInputs inputs,
    DiffusionPipeline model,
    RealData real,
    FeatureNetwork network,
    GenerationRequest request) {
  private static final int DIGITS = 8; // of a hash, to tell schedulers apart

  /** What must be the same for rows to stand in one table, by the names that messages call it. */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("model", inputs.model().fingerprint());
    settings.putAll(ModelFacts.of(model));
    SchedulerConfig scheduler = model.schedulerConfig();
    settings.put(
        "scheduler",
        scheduler.className() + " " + Sha256.of(scheduler.toJson()).substring(0, DIGITS));
    settings.put("device", inputs.opening().settings().device().toString());
    settings.put(EvaluationState.PIXELS, real.fingerprint());
    settings.put("reference images", Integer.toString(real.wanted()));
    settings.put("features", features());
    settings.putAll(shown());
    settings.put("seed", Long.toString(inputs.seed()));
    return settings;
  }

  /** What the files of the results say, by the names of their fields. */
  Map<String, String> all() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", inputs.model().name());
    facts.put("model_sha256", inputs.model().fingerprint());
    facts.put("reference", real.images().reference().size() + " images, " + real.referenceLabel());
    facts.put("stand_ins", real.standInLabel());
    facts.put("features", features());
    facts.put("feature_network", FeatureFiles.name(network.name()));
    facts.put("feature_output", network.output());
    ModelFacts.of(model).forEach((name, fact) -> facts.put(field(name), fact));
    facts.put("scheduler", model.schedulerConfig().toJson());
    shown().forEach((name, fact) -> facts.put(field(name), fact));
    facts.put("seed", Long.toString(inputs.seed()));
    return facts;
  }

  private static String field(String name) {
    return name.replace(' ', '_');
  }

  private String features() {
    return network.identity().orElse(network.name());
  }

  private Map<String, String> shown() {
    Map<String, String> shown = new LinkedHashMap<>();
    List<Integer> labels = request.classLabels();
    shown.put("class labels", labels.isEmpty() ? "all in turn" : labels.toString());
    Guidance guidance = request.guidance();
    String scale = Double.toString(guidance.scale());
    shown.put(
        "guidance",
        guidance.awayFromLabel().isPresent()
            ? scale + " away from label " + guidance.awayFromLabel().getAsInt()
            : scale);
    return shown;
  }
}
