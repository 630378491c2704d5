package io.ddpm4j.trainer.tensorboard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The framing of TensorFlow's record files. All numbers are little-endian:
 *
 * <pre>
 * uint64  length of the data
 * uint32  masked CRC-32C of the eight bytes above
 * bytes   the data
 * uint32  masked CRC-32C of the data
 * </pre>
 */
final class TfRecord {
  private static final int MASK_DELTA = 0xa282ead8;
  private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;

  private TfRecord() {}

  /** The bytes of a record. */
  static byte[] of(byte[] data) {
    ByteBuffer record =
        ByteBuffer.allocate(Math.addExact(data.length, FRAME)).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), Long.BYTES));
    record.put(data);
    record.putInt(maskedCrc(data, data.length));
    return record.array();
  }

  /** Masked, since a checksum of data that hold checksums is a weak one. */
  static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }
}
