package io.ddpm4j.exporter.proto;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * A model's file, mapped, as a message in which large tensors have no elements: they say where in
 * the file these are. Protobuf itself would copy all of it to the heap. The marks are for {@link
 * TensorDecoder} alone and never leave this package.
 */
final class MappedModel {
  /** Up to so many bytes of a message are copied as they are. */
  private static final int SMALL = 1 << 16;

  private static final int DEEPEST = 100; // as Protobuf reads
  private static final String KEY = "mapped";

  /** Which fields hold what further tensors are in. */
  private enum Kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR;

    private static final Map<Kind, Map<Integer, Kind>> INNER =
        Map.of(
            MODEL,
            Map.of(ModelProto.GRAPH_FIELD_NUMBER, GRAPH),
            GRAPH,
            Map.of(GraphProto.NODE_FIELD_NUMBER, NODE, GraphProto.INITIALIZER_FIELD_NUMBER, TENSOR),
            NODE,
            Map.of(NodeProto.ATTRIBUTE_FIELD_NUMBER, ATTRIBUTE),
            ATTRIBUTE,
            Map.of(
                AttributeProto.T_FIELD_NUMBER, TENSOR,
                AttributeProto.TENSORS_FIELD_NUMBER, TENSOR,
                AttributeProto.G_FIELD_NUMBER, GRAPH,
                AttributeProto.GRAPHS_FIELD_NUMBER, GRAPH),
            TENSOR,
            Map.of());

    Kind of(int field) {
      return INNER.get(this).get(field);
    }
  }

  private final ByteBuffer file;

  private MappedModel(ByteBuffer file) {
    this.file = file;
  }

  /**
   * The message.
   *
   * @return null where the file is no such message
   */
  static byte[] message(ByteBuffer file) {
    try {
      return new MappedModel(file.duplicate()).rewritten(Kind.MODEL, 0, file.limit(), 0);
    } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
      return null; // cut short or damaged, as whoever parses all of it will say
    }
  }

  /** The elements of a tensor that has a mark; null for one without. */
  static ByteBuffer elements(ByteBuffer file, TensorProto tensor) {
    if (file == null
        || !ExternalReference.isExternal(tensor)
        || tensor.getExternalDataCount() != 1
        || !tensor.getExternalData(0).getKey().equals(KEY)) {
      return null;
    }
    String[] place = tensor.getExternalData(0).getValue().split("\\+");
    return file.slice(Integer.parseInt(place[0]), Integer.parseInt(place[1])).asReadOnlyBuffer();
  }

  private byte[] rewritten(Kind kind, int start, int end, int depth) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    int at = start;
    while (at < end) {
      file.position(at);
      int tag = (int) varint();
      int field = WireFormat.getTagFieldNumber(tag);
      int type = WireFormat.getTagWireType(tag);
      if (type != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        skip(type);
        copy(out, at, file.position());
        at = file.position();
        continue;
      }
      long length = varint();
      int content = file.position();
      if (length < 0 || length > end - content) {
        throw new BufferUnderflowException();
      }
      int after = content + (int) length;
      boolean elements = kind == Kind.TENSOR && field == TensorProto.RAW_DATA_FIELD_NUMBER;
      Kind inner = kind.of(field);
      if (length > SMALL && elements) {
        mark(out, content, (int) length);
      } else if (length > SMALL && inner != null && depth < DEEPEST) {
        out.writeByteArray(field, rewritten(inner, content, after, depth + 1));
      } else {
        copy(out, at, after);
      }
      at = after;
    }
    out.flush();
    return bytes.toByteArray();
  }

  private static void mark(CodedOutputStream out, int offset, int length) throws IOException {
    out.writeMessage(
        TensorProto.EXTERNAL_DATA_FIELD_NUMBER, ExternalData.entry(KEY, offset + "+" + length));
    out.writeEnum(
        TensorProto.DATA_LOCATION_FIELD_NUMBER, TensorProto.DataLocation.EXTERNAL.getNumber());
  }

  private void copy(CodedOutputStream out, int from, int to) throws IOException {
    byte[] piece = new byte[to - from];
    file.get(from, piece);
    out.writeRawBytes(piece);
  }

  private void skip(int type) {
    switch (type) {
      case WireFormat.WIRETYPE_VARINT -> varint();
      case WireFormat.WIRETYPE_FIXED64 -> file.getLong();
      case WireFormat.WIRETYPE_FIXED32 -> file.getInt();
      default -> throw new IllegalArgumentException("wire type " + type);
    }
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = file.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 64 bits");
  }
}
