package io.ddpm4j.trainer.tensorboard;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A PNG file and what its header says (PNG specification, §11.2.1).
 *
 * @param channels 1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha
 */
record Png(byte[] file, int width, int height, int channels) {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int WIDTH = 16; // after the signature, and the chunk's length and type
  private static final int COLOUR_TYPE = 25;

  static Png of(byte[] file) {
    if (file.length <= COLOUR_TYPE
        || !Arrays.equals(file, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)) {
      throw new IllegalArgumentException("image: expected a PNG file, found another");
    }
    ByteBuffer header = ByteBuffer.wrap(file);
    int channels =
        switch (file[COLOUR_TYPE]) {
          case 0 -> 1;
          case 4 -> 2;
          case 2, 3 -> 3; // of a palette are the colours
          case 6 -> 4;
          default ->
              throw new IllegalArgumentException(
                  "image: expected the PNG colour type 0, 2, 3, 4 or 6, found "
                      + file[COLOUR_TYPE]);
        };
    return new Png(file, header.getInt(WIDTH), header.getInt(WIDTH + 4), channels);
  }
}
