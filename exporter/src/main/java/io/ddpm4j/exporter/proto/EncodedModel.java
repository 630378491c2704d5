package io.ddpm4j.exporter.proto;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.WireFormat;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model as the file's message, in which large tensors have no elements: these are written from
 * where they lie, a mapped checkpoint for example. Protobuf itself would first copy them to the
 * heap, all at once. The bytes are those of the whole message.
 */
final class EncodedModel {
  /** Of the message's own bytes, that few files have more of. */
  private static final int BUFFER = 1 << 16;

  private final ModelProto proto;
  private final Map<TensorProto, ExternalData.Source> elements; // by identity
  private final Map<Message, Long> sizes = new IdentityHashMap<>(); // of messages around them

  /**
   * @param elements of the tensors that are in the message without them, by identity; such a tensor
   *     has no field behind its raw data
   */
  EncodedModel(ModelProto proto, Map<TensorProto, ExternalData.Source> elements) {
    this.proto = proto;
    this.elements = elements;
    measure(proto);
  }

  /** A message that is whole. */
  static EncodedModel of(ModelProto proto) {
    return new EncodedModel(proto, Map.of());
  }

  /** The size of the file, in bytes. */
  long size() {
    return size(proto);
  }

  /** The whole message, which must have less than 2 GiB. */
  byte[] toBytes() {
    byte[] bytes = new byte[Math.toIntExact(size())];
    try {
      writeTo(new IntoArray(ByteBuffer.wrap(bytes)));
    } catch (IOException e) {
      throw new IllegalStateException(e); // an array has no errors
    }
    return bytes;
  }

  void writeTo(OutputStream out) throws IOException {
    CodedOutputStream coded = CodedOutputStream.newInstance(out, BUFFER);
    write(proto, coded, out);
    coded.flush();
  }

  /** Bytes to a stream, without a copy where it takes buffers, as that into a file does. */
  static void write(ByteBuffer bytes, OutputStream out) throws IOException {
    WritableByteChannel channel =
        out instanceof WritableByteChannel direct ? direct : Channels.newChannel(out);
    ByteBuffer rest = bytes.duplicate();
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  private long size(Message message) {
    Long measured = sizes.get(message);
    return measured == null ? message.getSerializedSize() : measured;
  }

  /** Fills {@link #sizes}; gives back the size with all elements. */
  private long measure(Message message) {
    long size = message.getSerializedSize();
    long whole = size;
    if (elements.isEmpty()) {
      return size;
    }
    if (message instanceof TensorProto tensor) {
      ExternalData.Source data = elements.get(tensor);
      if (data != null) {
        whole += CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER);
        whole += lengthSize(data.size()) + data.size();
      }
    } else {
      for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
        for (Message inner : messages(field)) {
          long without = inner.getSerializedSize();
          long with = measure(inner);
          whole += with - without + lengthSize(with) - lengthSize(without);
        }
      }
    }
    if (whole != size) {
      sizes.put(message, whole);
    }
    return whole;
  }

  private static int lengthSize(long length) {
    return CodedOutputStream.computeUInt32SizeNoTag(Math.toIntExact(length));
  }

  private static Collection<Message> messages(Map.Entry<FieldDescriptor, Object> field) {
    if (field.getKey().getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
      return List.of();
    }
    @SuppressWarnings("unchecked") // so the field's descriptor says
    Collection<Message> several =
        field.getKey().isRepeated()
            ? (Collection<Message>) field.getValue()
            : List.of((Message) field.getValue());
    return several;
  }

  /** Fields in the order of their numbers, as Protobuf writes them. */
  private void write(Message message, CodedOutputStream coded, OutputStream out)
      throws IOException {
    if (!sizes.containsKey(message)) {
      message.writeTo(coded);
    } else if (message instanceof TensorProto tensor) {
      ExternalData.Source data = elements.get(tensor);
      tensor.writeTo(coded);
      coded.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      coded.writeUInt32NoTag(Math.toIntExact(data.size()));
      coded.flush();
      data.writeTo(out);
    } else {
      for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
        Collection<Message> inner = messages(field);
        if (inner.isEmpty()) {
          Message alone =
              message.newBuilderForType().setField(field.getKey(), field.getValue()).build();
          alone.writeTo(coded);
        }
        for (Message one : inner) {
          coded.writeTag(field.getKey().getNumber(), WireFormat.WIRETYPE_LENGTH_DELIMITED);
          coded.writeUInt32NoTag(Math.toIntExact(size(one)));
          write(one, coded, out);
        }
      }
    }
  }

  /** A stream into an array that has the right size. */
  private static final class IntoArray extends OutputStream {
    private final ByteBuffer array;

    IntoArray(ByteBuffer array) {
      this.array = array;
    }

    @Override
    public void write(int b) {
      array.put((byte) b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      array.put(bytes, offset, length);
    }
  }
}
