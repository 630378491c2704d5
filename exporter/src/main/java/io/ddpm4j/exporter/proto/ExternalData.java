package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.StringStringEntryProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The constants that go into one file beside the model, in the order in which they were placed. */
final class ExternalData implements TensorEncoder {
  /** A page: readers map the file into memory. */
  private static final int ALIGNMENT = 4096;

  /** Smaller constants stay in the model: shapes and axes must be seen when it is loaded. */
  private static final int SMALLEST = 1024;

  private final String location;
  private final List<TensorData> placed = new ArrayList<>();
  private long end;

  /**
   * @param location the file's name, relative to the model's folder
   */
  ExternalData(String location) {
    this.location = location;
  }

  boolean isEmpty() {
    return placed.isEmpty();
  }

  @Override
  public TensorProto encode(String name, TensorData data) {
    if (data.byteSize() < SMALLEST) {
      return TensorEncoder.inline(name, data);
    }
    long offset = aligned(end);
    end = offset + data.byteSize();
    placed.add(data);
    return TensorEncoder.header(name, data)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Integer.toString(data.byteSize())))
        .build();
  }

  void writeTo(OutputStream out) throws IOException {
    long position = 0;
    byte[] chunk = new byte[1 << 16];
    for (TensorData data : placed) {
      long offset = aligned(position);
      out.write(new byte[(int) (offset - position)]);
      ByteBuffer bytes = data.bytes();
      while (bytes.hasRemaining()) {
        int n = Math.min(chunk.length, bytes.remaining());
        bytes.get(chunk, 0, n);
        out.write(chunk, 0, n);
      }
      position = offset + data.byteSize();
    }
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static long aligned(long position) {
    return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
