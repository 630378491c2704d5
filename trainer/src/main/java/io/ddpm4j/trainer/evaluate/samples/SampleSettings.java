package io.ddpm4j.trainer.evaluate.samples;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.trainer.data.ImageDataset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What the images of a sample file are: image k of one file is image k of any other with the same
 * settings, up to rounding, whenever and in what batches it was made.
 *
 * @param parameters what makes them again, as pictures carry it ({@link
 *     DiffusionPipeline#parameters}), but for how many they are
 * @param channels of an image
 * @param height of an image
 * @param width of an image
 * @param labels image k is of the class k mod n of these n; empty of an unconditional model
 * @param classNames in label order; empty where the model names none
 */
public record SampleSettings(
    Map<String, String> parameters,
    int channels,
    int height,
    int width,
    List<Integer> labels,
    List<String> classNames) {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  /** Which program, where on a machine and how many: images are the same whatever they are. */
  private static final Set<String> NOT_OF_THE_IMAGES =
      Set.of("Software", "Model", "First image", "Images");

  /** Refuses what is no image, and copies. */
  public SampleSettings {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "image: expected extents of at least 1, found %dx%dx%d"
              .formatted(channels, height, width));
    }
    parameters = Collections.unmodifiableMap(new TreeMap<>(parameters)); // in one order
    labels = List.copyOf(labels);
    classNames = List.copyOf(classNames);
  }

  /**
   * Those of images 0, 1, ... of a request's seed, however many.
   *
   * @throws IllegalArgumentException if the request does not fit the model
   */
  public static SampleSettings of(DiffusionPipeline pipeline, GenerationRequest request) {
    List<String> names = pipeline.metadata().classNames();
    List<Integer> labels = labels(pipeline, request, names);
    GenerationRequest all = cycle(request, Math.max(1, labels.size()));
    Map<String, String> parameters = new LinkedHashMap<>(pipeline.parameters(all));
    parameters.keySet().removeAll(NOT_OF_THE_IMAGES);
    ImageShape shape = pipeline.imageShape();
    return new SampleSettings(
        parameters, shape.channels(), shape.height(), shape.width(), labels, names);
  }

  private static List<Integer> labels(
      DiffusionPipeline pipeline, GenerationRequest request, List<String> names) {
    if (pipeline.model().signature().classLabels().isEmpty()) {
      return List.of();
    }
    if (!request.classLabels().isEmpty()) {
      return request.classLabels();
    }
    return request.classNames().isEmpty()
        ? IntStream.range(0, names.size()).boxed().toList()
        : request.classNames().stream().map(pipeline.metadata()::classLabel).toList();
  }

  /** One image of each class, so that the parameters name each class once. */
  private static GenerationRequest cycle(GenerationRequest request, int images) {
    GenerationRequest one = GenerationRequest.of(images, request.seed());
    GenerationRequest guided = one.withGuidance(request.guidance());
    if (!request.classLabels().isEmpty()) {
      return guided.withClassLabels(
          request.classLabels().stream().mapToInt(Integer::intValue).toArray());
    }
    return request.classNames().isEmpty()
        ? guided
        : guided.withClassNames(request.classNames().toArray(String[]::new));
  }

  /** The class of an image; {@link ImageDataset#NO_LABEL} of an unconditional model. */
  public int label(long image) {
    return labels.isEmpty() ? ImageDataset.NO_LABEL : labels.get((int) (image % labels.size()));
  }

  /** Bytes of one image. */
  public int imageBytes() {
    return Math.multiplyExact(Math.multiplyExact(channels, height), width);
  }

  /** Those fields by name that differ, each with both values; empty if none does. */
  public List<String> differences(SampleSettings found) {
    Map<String, String> mine = fields();
    Map<String, String> theirs = found.fields();
    Set<String> names = new TreeSet<>(mine.keySet());
    names.addAll(theirs.keySet());
    return names.stream()
        .filter(name -> !mine.getOrDefault(name, "").equals(theirs.getOrDefault(name, "")))
        .map(
            name ->
                "%s: expected %s, found %s"
                    .formatted(
                        name, mine.getOrDefault(name, "none"), theirs.getOrDefault(name, "none")))
        .toList();
  }

  private Map<String, String> fields() {
    Map<String, String> all = new LinkedHashMap<>(parameters);
    all.put("image", channels + "x" + height + "x" + width);
    all.put("labels", labels.toString());
    all.put("class names", classNames.toString());
    return all;
  }

  /** As JSON, in one line: the same for the same settings. */
  public String toJson() {
    return GSON.toJson(this);
  }

  /**
   * Reads them.
   *
   * @throws IllegalArgumentException if the text is something else
   */
  static SampleSettings ofJson(String json) {
    try {
      SampleSettings read = GSON.fromJson(json, SampleSettings.class);
      if (read == null) {
        throw new IllegalArgumentException("nothing");
      }
      return read;
    } catch (JsonParseException | NullPointerException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
