package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.TemporaryBytes;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Queries, keys or values out of one convolution (3·C, C, 1), or its bias (3·C), that computes all
 * three: rows for head after head, as a linear layer (C, C) has them.
 *
 * @param part 0 for queries, 1 for keys, 2 for values
 * @param heads that the rows of a part are divided into
 * @param headsFirst whether each head has its three parts side by side ({@code
 *     QKVAttentionLegacy}); otherwise each part its heads ({@code use_new_attention_order})
 */
record QkvRows(int part, int heads, boolean headsFirst) implements Transform {
  @Override
  public Shape source(Shape target) {
    long rows = 3 * target.size(0);
    return target.rank() == 1 ? Shape.of(rows) : Shape.of(rows, target.size(1), 1);
  }

  @Override
  public TensorData apply(TensorData tensor, Shape target) throws IOException {
    int size = tensor.byteSize() / 3;
    int head = size / heads; // bytes of one head in one part
    ByteBuffer from = tensor.bytes();
    ByteBuffer to =
        TemporaryBytes.of(
            size,
            out -> {
              for (int h = 0; h < heads; h++) {
                int at = headsFirst ? (3 * h + part) * head : part * size + h * head;
                out.write(from.slice(at, head));
              }
            });
    return TensorData.wrap(tensor.dataType(), target, to);
  }
}
