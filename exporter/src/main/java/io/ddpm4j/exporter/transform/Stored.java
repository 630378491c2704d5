package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.TemporaryBytes;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Weights in another type: few on the heap, many in a temporary file, piece by piece. */
final class Stored {
  private static final int PIECE = 1 << 14; // elements that are converted at a time

  private Stored() {}

  /** Puts one element into another type. */
  @FunctionalInterface
  interface Conversion {
    void convert(FloatBuffer from, int element, ByteBuffer to);
  }

  /**
   * The elements of a tensor of float, converted.
   *
   * @param size of the result, in bytes
   * @throws UncheckedIOException if they cannot be kept
   */
  static ByteBuffer bytes(int size, TensorData floats, Conversion conversion) {
    FloatBuffer from = floats.bytes().asFloatBuffer();
    try {
      return TemporaryBytes.of(
          size,
          out -> {
            ByteBuffer piece =
                ByteBuffer.allocate(PIECE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int done = 0; done < from.limit(); done += PIECE) {
              piece.clear();
              int end = Math.min(from.limit(), done + PIECE);
              for (int i = done; i < end; i++) {
                conversion.convert(from, i, piece);
              }
              out.write(piece.flip());
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
