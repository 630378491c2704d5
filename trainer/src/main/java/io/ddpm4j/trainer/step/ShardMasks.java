package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.graph.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The masks that one thread's shard is run with, written anew for each shard. */
final class ShardMasks {
  private final List<ByteBuffer> buffers = new ArrayList<>(); // [place], (n, C, H, W)
  private final Map<String, OnnxTensor> feeds = new LinkedHashMap<>();

  /**
   * @param masks of the gradient graph, by name
   */
  ShardMasks(NativeTensors tensors, Map<String, Shape> masks) throws OrtException {
    for (Map.Entry<String, Shape> mask : masks.entrySet()) {
      ByteBuffer buffer = NativeTensors.bytes(Math.toIntExact(mask.getValue().elements()));
      buffers.add(buffer);
      feeds.put(mask.getKey(), tensors.of(buffer, 0, mask.getValue().sizes()));
    }
  }

  /** The inputs of the graph; none in a network without dropout. */
  Map<String, OnnxTensor> feeds() {
    return feeds;
  }

  /**
   * Draws the masks of images {@code first} to {@code end} - 1 of the step.
   *
   * @param places for images in a shard
   */
  void draw(MaskSource source, int first, int end, int places) {
    for (int place = 0; place < buffers.size(); place++) {
      ByteBuffer buffer = buffers.get(place);
      int size = buffer.capacity() / places;
      for (int image = first; image < end; image++) {
        source.draw(place, image, buffer.slice((image - first) * size, size));
      }
    }
  }
}
