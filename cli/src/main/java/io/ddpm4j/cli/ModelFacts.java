package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.TensorSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What decides the figures of an opened model beside its file: all that options may say in place of
 * it, as it is in effect. The same whether it was said or is the default.
 */
final class ModelFacts {
  private ModelFacts() {}

  /** By the names that messages call them. */
  static Map<String, String> of(DiffusionPipeline pipeline) {
    Map<String, String> facts = new LinkedHashMap<>();
    ImageShape image = pipeline.imageShape();
    facts.put("image", "%dx%dx%d".formatted(image.channels(), image.height(), image.width()));
    facts.put(
        "value range",
        Numbers.plain(pipeline.valueRange().low())
            + ","
            + Numbers.plain(pipeline.valueRange().high()));
    ModelSignature roles = pipeline.model().signature();
    facts.put(
        "inputs and output",
        "%s, %s, %s, %s"
            .formatted(
                roles.sample().name(),
                roles.timestep().name(),
                roles.classLabels().map(TensorSpec::name).orElse("no classes"),
                roles.output().name()));
    facts.put(
        "schedule",
        "%d timesteps, %08x"
            .formatted(pipeline.schedule().trainTimesteps(), pipeline.schedule().hashCode()));
    facts.put("prediction", pipeline.schedulerConfig().predictionType().label());
    return facts;
  }
}
