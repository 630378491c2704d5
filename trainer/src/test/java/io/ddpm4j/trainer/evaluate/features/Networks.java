package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import java.io.IOException;
import java.util.Map;
import java.util.function.BiConsumer;

/** Small feature networks, built with the project's own graph builder. */
public final class Networks {
  static final SessionSettings ONE = new SessionSettings(Device.cpu(), 1);
  static final FeatureOptions LEVELS = FeatureOptions.defaults().withScale(PixelScale.LEVELS);

  private Networks() {}

  /** A model file whose one input is {@code images}. */
  public static byte[] model(
      DataType type, Shape images, Map<String, String> metadata, BiConsumer<Ops, Value> body)
      throws IOException {
    Graph graph = new Graph("features", OpSet.standard());
    body.accept(new Ops(graph), graph.input("images", type, images));
    return OnnxWriter.toBytes(OnnxModel.of(graph).withMetadata(metadata));
  }

  /** The same of floats, with nothing in the metadata. */
  static byte[] model(Shape images, BiConsumer<Ops, Value> body) throws IOException {
    return model(DataType.FLOAT, images, Map.of(), body);
  }

  /** What the network is given, as features: (N, everything else). */
  public static void flatten(Ops ops, Value images) {
    ops.graph().output("features", ops.reshape(images, 0, -1));
  }

  static FeatureNetwork open(byte[] model, FeatureOptions options) throws IOException {
    return FeatureNetwork.open(model, "net.onnx", options, ONE);
  }
}
