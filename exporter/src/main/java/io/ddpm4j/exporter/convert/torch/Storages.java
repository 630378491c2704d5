package io.ddpm4j.exporter.convert.torch;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the numbers of a file lie. */
@FunctionalInterface
interface Storages {
  /**
   * Bytes of a storage, little endian.
   *
   * @param from the first, counted from the storage's first
   * @throws TorchFormatException if the file does not have them
   */
  ByteBuffer bytes(Storage storage, long from, long length) throws IOException;
}
