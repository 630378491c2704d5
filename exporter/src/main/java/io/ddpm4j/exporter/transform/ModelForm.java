package io.ddpm4j.exporter.transform;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The form in which a model leaves. {@link #apply} gives a model that form and says so in its
 * metadata ({@code docs/model-format.md}).
 *
 * @param opset the operator set, 13 to 21; empty for the model's own
 * @param weights how weights are stored
 * @param halfInputs whether inputs and outputs are float16 too; with float16 weights only
 * @param batch the number of images as a fixed extent; empty leaves it as it is
 * @param height of the images as a fixed extent, with {@code width}; empty leaves it as it is
 */
public record ModelForm(
    OptionalInt opset,
    Weights weights,
    boolean halfInputs,
    OptionalInt batch,
    OptionalInt height,
    OptionalInt width) {

  private static final String WEIGHTS = "weights";

  /** How weights are stored. */
  public enum Weights {
    /** As they are. */
    UNCHANGED,
    /** And activations: half precision. */
    FLOAT16,
    /** 8-bit integers, a scale for each output channel. */
    INT8
  }

  /** As the model is. */
  public static final ModelForm UNCHANGED =
      new ModelForm(
          OptionalInt.empty(),
          Weights.UNCHANGED,
          false,
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty());

  /** Refuses float16 inputs for other weights, and a height without a width. */
  public ModelForm {
    if (halfInputs && weights != Weights.FLOAT16) {
      throw new IllegalArgumentException(
          "float16 inputs: expected float16 weights, found " + weights);
    }
    if (height.isPresent() != width.isPresent()) {
      throw new IllegalArgumentException(
          "size: expected height and width, found " + height + " and " + width);
    }
  }

  /** The same in this operator set. */
  public ModelForm withOpset(int version) {
    return new ModelForm(OptionalInt.of(version), weights, halfInputs, batch, height, width);
  }

  /** The same in half precision. */
  public ModelForm withHalf(boolean inputsToo) {
    return new ModelForm(opset, Weights.FLOAT16, inputsToo, batch, height, width);
  }

  /** The same with 8-bit weights. */
  public ModelForm withInt8() {
    return new ModelForm(opset, Weights.INT8, false, batch, height, width);
  }

  /** The same for this number of images. */
  public ModelForm withBatch(int images) {
    return new ModelForm(opset, weights, halfInputs, OptionalInt.of(images), height, width);
  }

  /** The same for images of this size. */
  public ModelForm withSize(int imageHeight, int imageWidth) {
    return new ModelForm(
        opset, weights, halfInputs, batch, OptionalInt.of(imageHeight), OptionalInt.of(imageWidth));
  }

  /** Whether models stay as they are. */
  public boolean isUnchanged() {
    return equals(UNCHANGED);
  }

  /**
   * The model in this form, with the metadata that it had.
   *
   * @throws TransformException if the model cannot take the form; the message names what is in the
   *     way
   */
  public OnnxModel apply(OnnxModel model) {
    requireOneKindOfWeights(model.metadata());
    Graph graph = model.graph();
    if (batch.isPresent()) {
      graph = StaticShapes.fixBatch(graph, batch.getAsInt());
    }
    if (height.isPresent()) {
      graph = StaticShapes.fixSize(graph, height.getAsInt(), width.getAsInt());
    }
    if (opset.isPresent()) { // before half precision, which knows the operators that come of it
      graph = OpsetConversion.convert(graph, opset.getAsInt());
    }
    graph =
        switch (weights) {
          case UNCHANGED -> graph;
          case FLOAT16 -> Half.of(graph, halfInputs);
          case INT8 -> Int8Weights.of(graph);
        };
    return model.withGraph(graph).withMetadata(described(model.metadata()));
  }

  /** Refuses to change weights again that an earlier form has changed otherwise. */
  private void requireOneKindOfWeights(Map<String, String> metadata) {
    JsonElement before = before(metadata).get(WEIGHTS);
    if (weights != Weights.UNCHANGED && before != null && !before.equals(label())) {
      throw new TransformException(
          MetadataKeys.FORM + ": expected weights as they were trained, found " + before);
    }
  }

  private JsonPrimitive label() {
    return new JsonPrimitive(weights.name().toLowerCase(Locale.ROOT));
  }

  private Map<String, String> described(Map<String, String> metadata) {
    JsonObject form = before(metadata);
    if (weights != Weights.UNCHANGED) {
      form.add(WEIGHTS, label());
    }
    if (halfInputs) {
      form.addProperty("inputs", "float16");
    }
    batch.ifPresent(images -> form.addProperty("batch", images));
    height.ifPresent(extent -> form.addProperty("height", extent));
    width.ifPresent(extent -> form.addProperty("width", extent));
    Map<String, String> described = new LinkedHashMap<>(metadata);
    if (form.size() > 0) { // the operator set stands in the file anyway
      described.put(MetadataKeys.FORM, form.toString());
    }
    return described;
  }

  /** What an earlier transformation said. */
  private static JsonObject before(Map<String, String> metadata) {
    String text = metadata.getOrDefault(MetadataKeys.FORM, "{}");
    try {
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new TransformException(
          MetadataKeys.FORM + ": expected a JSON object, found " + text, e);
    }
  }
}
