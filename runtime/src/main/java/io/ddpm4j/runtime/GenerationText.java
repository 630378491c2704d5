package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.random.NoiseGenerator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The parameters of a generation as pictures carry them: all that makes the same images again.
 * Immutable, and small: images that are kept keep this, but no buffers.
 */
final class GenerationText {
  private final OnnxEpsilonModel model;
  private final ClassAssignment classes;
  private final String seed;
  private final Map<String, String> common = new LinkedHashMap<>();

  GenerationText(
      DiffusionPipeline pipeline,
      OnnxEpsilonModel model,
      GenerationRequest request,
      SamplingMethod method,
      ClassAssignment classes) {
    this.model = model;
    this.classes = classes;
    this.seed = Long.toString(request.seed());
    common.put("Sampler", method.sampler().name());
    common.put("Steps", Integer.toString(method.sampler().steps(pipeline.schedule())));
    common.put("Device", pipeline.device());
    common.put("Scheduler", method.settings());
    if (classes.isGuided()) {
      common.put("Guidance scale", Double.toString(request.guidance().scale()));
      common.put("Guidance away from", classes.describe(classes.awayFrom()));
    }
    if (!request.noiseName().equals(NoiseGenerator.PHILOX.label())) {
      common.put("Noise", request.noiseName());
    }
    request
        .source()
        .ifPresent(
            from ->
                common.put(
                    "Start", from.isLatent() ? "latents" : "image, strength " + from.strength()));
    request.inpainting().ifPresent(from -> common.put("Known pixels", "by a mask"));
  }

  /** Those of some of the images. */
  Map<String, String> of(long firstImage, int images) {
    Map<String, String> text = new LinkedHashMap<>();
    String version = DiffusionPipeline.class.getPackage().getImplementationVersion();
    text.put("Software", "ddpm4j " + (version == null ? "development" : version));
    text.put("Model", model.label());
    text.put("Seed", seed);
    text.put("First image", Long.toString(firstImage));
    text.put("Images", Integer.toString(images));
    text.putAll(common);
    if (classes.isConditional()) {
      text.put("Classes", classes.describe(firstImage, images));
    }
    model.sha256().ifPresent(hash -> text.put("Model-SHA256", hash));
    return text;
  }
}
