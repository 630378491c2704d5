package io.ddpm4j.exporter.proto;

/**
 * The keys of {@code metadata_props} by which a model file explains itself ({@code
 * docs/model-format.md}). {@code runtime} reads them; a contract test holds the two together.
 */
public final class MetadataKeys {
  private MetadataKeys() {}

  /** The version of the format, always {@link #FORMAT_VERSION}. */
  public static final String FORMAT = "ddpm4j.format";

  /** The format that is written. */
  public static final String FORMAT_VERSION = "1";

  /** The noise schedule: JSON object of diffusers' scheduler fields. */
  public static final String SCHEDULER = "ddpm4j.scheduler";

  /** JSON object: channels, height, width, value_range. */
  public static final String IMAGE = "ddpm4j.image";

  /** JSON array of class names in label order; absent in an unconditional model. */
  public static final String CLASSES = "ddpm4j.classes";

  /** The label that stands for no class; absent in a model that was trained without one. */
  public static final String NULL_CLASS = "ddpm4j.null_class";

  /** JSON object: the {@code config.json} of the network. */
  public static final String UNET = "ddpm4j.unet";

  /** JSON object: data set, steps, seed and the like, never needed to sample. */
  public static final String PROVENANCE = "ddpm4j.provenance";

  /** JSON object: how the model differs from the one that was trained, where it does. */
  public static final String FORM = "ddpm4j.form";

  /** JSON object: what a file that holds a whole sampling loop does, and what its inputs mean. */
  public static final String LOOP = "ddpm4j.loop";

  /** JSON object: the network of a file that holds a classifier; absent in all others. */
  public static final String CLASSIFIER = "ddpm4j.classifier";

  /** JSON object: inputs, outputs and state of a file that holds a training step. */
  public static final String TRAIN_STEP = "ddpm4j.train_step";
}
