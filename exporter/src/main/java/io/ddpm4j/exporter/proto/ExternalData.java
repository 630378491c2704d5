package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.StringStringEntryProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The constants that go into one file beside the model, in the order in which they were placed. */
final class ExternalData implements TensorEncoder {
  /** Smaller constants stay in the model: shapes and axes must be seen when it is loaded. */
  static final int SMALLEST = 1024;

  /** A page: readers map the file into memory. */
  private static final int ALIGNMENT = 4096;

  private final List<Source> placed = new ArrayList<>();
  private long end;

  /** Where a constant's bytes come from when the file is written. */
  interface Source {
    long size();

    void writeTo(OutputStream out) throws IOException;

    static Source of(ByteBuffer bytes) {
      return new Source() {
        @Override
        public long size() {
          return bytes.remaining();
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
          EncodedModel.write(bytes, out);
        }
      };
    }
  }

  boolean isEmpty() {
    return placed.isEmpty();
  }

  @Override
  public TensorProto encode(String name, TensorData data) {
    return data.byteSize() < SMALLEST
        ? TensorEncoder.inline(name, data)
        : place(TensorEncoder.header(name, data), Source.of(data.bytes()));
  }

  /** Gives a tensor without elements its place in the file, whose name {@link #named} adds. */
  TensorProto place(TensorProto.Builder header, Source source) {
    long offset = aligned(end);
    end = offset + source.size();
    placed.add(source);
    return header
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .clearExternalData()
        .addExternalData(entry("location", ""))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(source.size())))
        .build();
  }

  /**
   * The model whose tensors were placed here, with the file's name in each of them.
   *
   * @param location relative to the model's folder
   */
  ModelProto named(ModelProto model, String location) throws IOException {
    TensorWalk name =
        tensor ->
            ExternalReference.isExternal(tensor)
                ? tensor.toBuilder().setExternalData(0, entry("location", location)).build()
                : tensor;
    return name.over(model);
  }

  void writeTo(OutputStream out) throws IOException {
    long position = 0;
    for (Source source : placed) {
      long offset = aligned(position);
      out.write(new byte[(int) (offset - position)]);
      source.writeTo(out);
      position = offset + source.size();
    }
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static long aligned(long position) {
    return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
