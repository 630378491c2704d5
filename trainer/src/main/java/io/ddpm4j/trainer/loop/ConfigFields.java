package io.ddpm4j.trainer.loop;

import static java.util.Map.entry;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which field of {@code run.json} an option of {@code ddpm train} sets. The records of a
 * configuration name the option in their messages; whoever wrote a file looks for the field.
 */
public final class ConfigFields {
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z0-9-]*");

  private static final Map<String, String> FIELDS =
      Map.ofEntries(
          entry("--data", "data.source"),
          entry("--data-dir", "data.dataDir"),
          entry("--labels", "data.labels"),
          entry("--image-size", "data.imageSize"),
          entry("--channels", "data.channels"),
          entry("--background", "data.background"),
          entry("--labels-from-folders", "data.labelsFromFolders"),
          entry("--horizontal-flips", "data.horizontalFlips"),
          entry("--widths", "network.channels"),
          entry("--attention", "network.attention"),
          entry("--layers", "network.layersPerBlock"),
          entry("--groups", "network.groups"),
          entry("--head-channels", "network.attentionHeadDim"),
          entry("--unconditional", "network.classConditional"),
          entry("--label-dropout", "network.labelDropout"),
          entry("--dropout", "network.dropout"),
          entry("--train-timesteps", "diffusion.trainTimesteps"),
          entry("--schedule", "diffusion.betaSchedule"),
          entry("--beta-start", "diffusion.betaStart"),
          entry("--beta-end", "diffusion.betaEnd"),
          entry("--prediction", "diffusion.predictionType"),
          entry("--betas", "diffusion.trainedBetas"),
          entry("--loss", "diffusion.objective.loss"),
          entry("--variance", "diffusion.objective.varianceType"),
          entry("--min-snr", "diffusion.objective.minSnr"),
          entry("--timestep-sampling", "diffusion.objective.timestepSampling"),
          entry("--offset-noise", "diffusion.objective.offsetNoise"),
          entry("--model-guidance", "diffusion.objective.modelGuidance"),
          entry("--batch-size", "optimizer.batchSize"),
          entry("--learning-rate", "optimizer.learningRate"),
          entry("--accumulate", "optimizer.accumulate"),
          entry("--lr-schedule", "optimizer.lrSchedule"),
          entry("--min-learning-rate", "optimizer.minLearningRate"),
          entry("--weight-decay", "optimizer.weightDecay"),
          entry("--warmup-steps", "optimizer.warmupSteps"),
          entry("--beta1", "optimizer.beta1"),
          entry("--beta2", "optimizer.beta2"),
          entry("--epsilon", "optimizer.epsilon"),
          entry("--max-gradient-norm", "optimizer.maxGradientNorm"),
          entry("--ema-decay", "optimizer.emaDecay"),
          entry("--steps", "run.steps"),
          entry("--seed", "run.seed"),
          entry("--checkpoint-every", "run.checkpointEvery"),
          entry("--keep-checkpoints", "run.keepCheckpoints"),
          entry("--sample-every", "run.sampleEvery"),
          entry("--sample-images", "run.sampleImages"),
          entry("--sample-steps", "run.sampleSteps"),
          entry("--threads", "run.threads"),
          entry("--init", "init.model"),
          entry("--validation-every", "reporting.validationEvery"),
          entry("--validation-images", "reporting.validationImages"),
          entry("--validation-share", "reporting.validationShare"),
          entry("--no-tensorboard", "reporting.tensorboard"));

  private ConfigFields() {}

  /**
   * The field that an option sets.
   *
   * @param option such as {@code --widths}
   */
  public static Optional<String> of(String option) {
    return Optional.ofNullable(FIELDS.get(option));
  }

  /** The options that set a field. */
  public static Set<String> options() {
    return FIELDS.keySet();
  }

  /** A message that names options, as one that names the fields; what was found stays as it is. */
  static String named(String message) {
    int found = message.lastIndexOf(", found ");
    int end = found < 0 ? message.length() : found;
    String expected =
        OPTION
            .matcher(message.substring(0, end))
            .replaceAll(option -> of(option.group()).orElse(option.group()));
    return expected + message.substring(end);
  }
}
