package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.PixelScale;
import io.ddpm4j.trainer.evaluate.features.ResizeFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How the quality of samples is measured. */
final class SampleQualityOptions {
  static final String AGAINST_STEPS = "--against-steps";
  private static final String SAMPLER = "--sampler";
  private static final String STEPS = "--steps";
  private static final String FEATURES = "--features";
  private static final String FEATURE_OUTPUT = "--feature-output";
  private static final String FEATURE_SCALE = "--feature-scale";
  private static final String FEATURE_SIZE = "--feature-size";
  private static final String FEATURE_FILTER = "--feature-filter";
  private static final String FEATURE_POOLING = "--feature-pooling";
  private static final String REFERENCE_IMAGES = "--reference-images";
  private static final String NEIGHBOURS = "--neighbours";

  static final Set<String> ALL =
      Set.of(
          AGAINST_STEPS,
          SAMPLER,
          STEPS,
          ClassOptions.CLASS,
          ClassOptions.GUIDANCE,
          ClassOptions.AWAY_FROM,
          FEATURES,
          FEATURE_OUTPUT,
          FEATURE_SCALE,
          FEATURE_SIZE,
          FEATURE_FILTER,
          FEATURE_POOLING,
          REFERENCE_IMAGES,
          NEIGHBOURS);

  private static final int MOST_NEIGHBOURS = 100; // more than anybody looks at in a row

  /** What papers print. */
  static final List<String> USUAL_SAMPLERS = List.of("ddpm", "ddim", "dpmpp_2m", "unipc");

  private static final List<Integer> USUAL_STEPS = List.of(5, 10, 20, 50, 100, 1000);

  /**
   * A way to sample.
   *
   * @param sampler its name; empty for the model's own
   * @param steps empty for as many as the model was trained with
   */
  record Method(Optional<String> sampler, Optional<Integer> steps) {}

  @Option(
      names = AGAINST_STEPS,
      description =
          "Measure ddpm, ddim, dpmpp_2m and unipc at 5, 10, 20, 50, 100 and 1000 steps, or those of"
              + " --sampler and --steps: a table, and quality over steps as a picture.")
  private boolean againstSteps;

  @Option(
      names = SAMPLER,
      paramLabel = "NAME",
      split = ",",
      converter = Names.Sampler.class,
      description = "Sampling methods (default: the scheduler's own).")
  private List<String> samplers; // null: not said

  @Option(
      names = STEPS,
      paramLabel = "N",
      split = ",",
      converter = Numbers.Positive.class,
      description = "Steps per image (default: as many as the model was trained with).")
  private List<Integer> steps; // null: not said

  @Mixin private final ClassOptions classes = new ClassOptions();

  @Option(
      names = FEATURES,
      paramLabel = "FILE",
      description =
          "ONNX file of the network whose features are compared, such as Inception (default: of"
              + " fashion-mnist and emoji the classifier that ships with ddpm).")
  private Path features;

  @Option(
      names = FEATURE_OUTPUT,
      paramLabel = "NAME",
      description =
          "Its output (default: the one named features, or the only one beside logits that can be"
              + " it).")
  private String featureOutput;

  @Option(
      names = FEATURE_SCALE,
      paramLabel = "LOW,HIGH|imagenet",
      converter = Scale.class,
      description =
          "What it takes for black and white: -1,1 or 0,1 or 0,255, or imagenet for ImageNet's mean"
              + " and deviation (default: what the file says of itself).")
  private PixelScale featureScale;

  @Option(
      names = FEATURE_SIZE,
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Side of the images that it is given where it leaves that open (default: their own).")
  private Integer featureSize;

  @Option(
      names = FEATURE_FILTER,
      paramLabel = "NAME",
      converter = Names.Filters.class,
      description =
          "How images are resized for it: bicubic, as clean-fid does, or bilinear (default:"
              + " bicubic).")
  private ResizeFilter featureFilter;

  @Option(
      names = FEATURE_POOLING,
      description = "Average features that the network gives for several places of an image.")
  private boolean featurePooling;

  @Option(
      names = REFERENCE_IMAGES,
      paramLabel = "N",
      converter = ImageCount.Converter.class,
      description =
          "Real images that samples are compared with, drawn by the seed, or all (default: 10000).")
  private ImageCount referenceImages;

  @Option(
      names = NEIGHBOURS,
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Nearest training images beside each of ten samples, as a picture, at most "
              + MOST_NEIGHBOURS
              + "; 0 for none (default: 5).")
  private Integer neighbours;

  /** Refuses what no model could be measured with. */
  void requireConsistent() {
    refuseTwice(SAMPLER, samplers);
    refuseTwice(STEPS, steps);
    if (neighbours() > MOST_NEIGHBOURS) {
      throw new UsageException(
          "%s: expected at most %d, found %d".formatted(NEIGHBOURS, MOST_NEIGHBOURS, neighbours()));
    }
  }

  private static void refuseTwice(String option, List<?> values) {
    if (values != null && values.stream().distinct().count() < values.size()) {
      throw new UsageException(
          option
              + ": expected each once, found "
              + String.join(",", values.stream().map(String::valueOf).toList()));
    }
  }

  /** The first sampler that was asked for: the model's own may not suit it. */
  Optional<String> firstSampler() {
    return Optional.ofNullable(samplers).map(names -> names.get(0));
  }

  /**
   * Every way to sample that is measured.
   *
   * @param trainTimesteps of the model; of the usual steps no more are taken
   */
  List<Method> methods(int trainTimesteps) {
    List<Optional<String>> names =
        samplers != null
            ? samplers.stream().map(Optional::of).toList()
            : againstSteps
                ? USUAL_SAMPLERS.stream().map(Optional::of).toList()
                : List.of(Optional.empty());
    List<Optional<Integer>> counts =
        steps != null
            ? steps.stream().map(Optional::of).toList()
            : againstSteps ? usualSteps(trainTimesteps) : List.of(Optional.empty());
    List<Method> methods = new ArrayList<>();
    for (Optional<String> name : names) {
      for (Optional<Integer> count : counts) {
        methods.add(new Method(name, count));
      }
    }
    return methods;
  }

  /** Whether samplers are those that papers print, all of them for a schedule of betas. */
  boolean usualSamplers() {
    return againstSteps && samplers == null;
  }

  /** Whether steps are those that papers print, and not the user's. */
  boolean usualSteps() {
    return againstSteps && steps == null;
  }

  /** Of a model with fewer timesteps than any, all of its own. */
  private static List<Optional<Integer>> usualSteps(int trainTimesteps) {
    List<Optional<Integer>> fitting =
        USUAL_STEPS.stream().filter(n -> n <= trainTimesteps).map(Optional::of).toList();
    return fitting.isEmpty() ? List.of(Optional.empty()) : fitting;
  }

  /** What the samples show. */
  ClassOptions classes() {
    return classes;
  }

  /** The feature network's file; empty for the default. */
  Optional<Path> features() {
    return Optional.ofNullable(features);
  }

  /** Opens it as the options say. */
  FeatureNetwork openFeatures(Path file, SessionSettings settings) throws IOException {
    try {
      return FeatureNetwork.open(file, featureOptions(), settings);
    } catch (IllegalArgumentException e) { // an option that does not fit it
      throw new UsageException("--feature-" + e.getMessage());
    }
  }

  /** The sentence with the option that gives what a feature network lacks. */
  static ModelFormatException withOption(ModelFormatException e) {
    return e.missingOption()
        .map(missing -> new ModelFormatException(e.getMessage() + ": --feature-" + missing, e))
        .orElse(e);
  }

  private FeatureOptions featureOptions() {
    FeatureOptions options = FeatureOptions.defaults();
    options = featureOutput == null ? options : options.withOutput(featureOutput);
    options = featureScale == null ? options : options.withScale(featureScale);
    options = featureSize == null ? options : options.withSize(featureSize);
    options = featureFilter == null ? options : options.withFilter(featureFilter);
    return featurePooling ? options.withPooling() : options;
  }

  /** How many real images samples are compared with, of so many. */
  int referenceImages(int size) {
    int usual = Math.min(size, 10_000);
    int wanted = referenceImages == null ? usual : referenceImages.of(size);
    if (wanted > size) {
      throw new UsageException(
          "%s: expected at most %d, which the data have, found %d"
              .formatted(REFERENCE_IMAGES, size, wanted));
    }
    return wanted;
  }

  /** Refuses a picture of neighbours that does not fit into memory. */
  void requireRoom(ImageShape image, int samples) {
    ImageShape coloured = new ImageShape(3, image.height(), image.width()); // grey ones, too
    Outputs.requireGrid(NEIGHBOURS, coloured, 1 + neighbours(), samples, null);
  }

  /** Nearest training images of a sample to show; 0 for no picture. */
  int neighbours() {
    return Said.or(neighbours, 5);
  }

  /** Black and white of a feature network. */
  static final class Scale implements ITypeConverter<PixelScale> {
    @Override
    public PixelScale convert(String value) {
      try {
        return PixelScale.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(
            e.getMessage().replaceFirst("^pixel scale: ", "").replace('"', '\''));
      }
    }
  }
}
