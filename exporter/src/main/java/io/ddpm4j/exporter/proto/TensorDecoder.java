package io.ddpm4j.exporter.proto;

import com.google.protobuf.ByteString;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Turns a file's tensor, in whatever form it is stored (raw, one of the typed fields, or in a file
 * beside the model), into {@link TensorData}.
 */
final class TensorDecoder {
  private final String source;
  private final Path folder;
  private final ByteBuffer mapped;

  /**
   * @param source the model file's name, for messages
   * @param folder the model's folder; null where there is none
   * @param mapped the model's file, in which large tensors may lie; null where they do not
   */
  TensorDecoder(String source, Path folder, ByteBuffer mapped) {
    this.source = source;
    this.folder = folder;
    this.mapped = mapped;
  }

  TensorData decode(TensorProto tensor) throws IOException {
    String what = source + ": tensor " + tensor.getName();
    DataType type = dataType(what, tensor.getDataType());
    if (type == DataType.STRING) {
      throw new OnnxFormatException(what + ": expected numbers, found text");
    }
    if (tensor.hasSegment()) {
      throw new OnnxFormatException(what + ": expected a whole tensor, found a segment of one");
    }
    long expected = byteSize(what, tensor);
    if (expected > Integer.MAX_VALUE - 8) {
      throw new OnnxFormatException(
          what + ": expected at most 2 GB in one tensor, found " + expected + " bytes");
    }
    // Never copied: the elements stay in the array that the file was read into.
    ByteBuffer bytes;
    if (isOutside(tensor)) {
      bytes = outside(tensor);
    } else if (tensor.hasRawData()) {
      bytes = tensor.getRawData().asReadOnlyByteBuffer();
    } else {
      bytes = typed(what, tensor, type, expected);
    }
    requireSize(what, tensor, type, expected, bytes.remaining());
    long[] sizes = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    return TensorData.wrap(type, Shape.of(sizes), bytes);
  }

  /** Whether the elements are not in the message, but mapped or in a file beside the model. */
  boolean isOutside(TensorProto tensor) {
    return ExternalReference.isExternal(tensor);
  }

  /** Whether they are in a file beside the model. */
  boolean isExternal(TensorProto tensor) {
    return isOutside(tensor) && MappedModel.elements(mapped, tensor) == null;
  }

  /** The elements of a tensor that has them outside of the message. */
  private ByteBuffer outside(TensorProto tensor) throws IOException {
    ByteBuffer own = MappedModel.elements(mapped, tensor);
    return own == null ? ExternalReference.of(source, folder, tensor).read() : own;
  }

  /** Where the elements of a tensor come from that has them outside of the message. */
  ExternalData.Source source(TensorProto tensor) throws IOException {
    ByteBuffer own = MappedModel.elements(mapped, tensor);
    return own == null ? ExternalReference.of(source, folder, tensor) : ExternalData.Source.of(own);
  }

  /** A tensor without its elements, as it is where they are in the message. */
  static TensorProto header(TensorProto tensor) {
    return tensor.toBuilder().clearExternalData().clearDataLocation().build();
  }

  static DataType dataType(String what, int number) throws OnnxFormatException {
    try {
      return DataType.ofOnnx(number);
    } catch (IllegalArgumentException e) {
      throw new OnnxFormatException(what + ": " + e.getMessage(), e);
    }
  }

  /** The size that type and dims need, in bytes. */
  static long byteSize(String what, TensorProto tensor) throws OnnxFormatException {
    long bits = bits(tensor.getDataType());
    try {
      long elements = 1;
      for (long size : tensor.getDimsList()) {
        if (size < 0) {
          throw new OnnxFormatException(
              what + ": expected dims of 0 or more, found " + tensor.getDimsList());
        }
        elements = Math.multiplyExact(elements, size);
      }
      return Math.addExact(Math.multiplyExact(elements, bits), 7) / 8;
    } catch (ArithmeticException e) {
      throw new OnnxFormatException(
          what + ": expected dims that fit into memory, found " + tensor.getDimsList(), e);
    }
  }

  private static int bits(int onnxType) {
    return switch (onnxType) {
      case 17, 18, 19, 20, 24 -> 8; // the 8-bit floats
      case 21, 22, 23 -> 4; // 4-bit integers and float
      default -> {
        for (DataType type : DataType.values()) {
          if (type.onnx() == onnxType) {
            yield 8 * type.bytes();
          }
        }
        yield 0;
      }
    };
  }

  private static void requireSize(
      String what, TensorProto tensor, DataType type, long expected, long found)
      throws OnnxFormatException {
    if (found != expected) {
      throw new OnnxFormatException(
          what
              + ": expected "
              + expected
              + " bytes for "
              + type
              + tensor.getDimsList()
              + ", found "
              + found);
    }
  }

  /** The typed field that the format gives to each element type; small types widened to int32. */
  private static ByteBuffer typed(String what, TensorProto tensor, DataType type, long expected)
      throws OnnxFormatException {
    List<? extends Number> values =
        switch (type) {
          case FLOAT, COMPLEX64 -> tensor.getFloatDataList();
          case DOUBLE, COMPLEX128 -> tensor.getDoubleDataList();
          case INT64 -> tensor.getInt64DataList();
          case UINT32, UINT64 -> tensor.getUint64DataList();
          default -> tensor.getInt32DataList();
        };
    boolean complex = type == DataType.COMPLEX64 || type == DataType.COMPLEX128; // two numbers each
    int width = complex ? type.bytes() / 2 : type.bytes();
    requireSize(what, tensor, type, expected, (long) values.size() * width);
    ByteBuffer out = little((int) expected);
    for (Number value : values) {
      if (value instanceof Float real) {
        out.putFloat(real);
      } else if (value instanceof Double real) {
        out.putDouble(real);
      } else {
        switch (width) {
          case 1 -> out.put(value.byteValue());
          case 2 -> out.putShort(value.shortValue());
          case 4 -> out.putInt(value.intValue());
          default -> out.putLong(value.longValue());
        }
      }
    }
    return out.flip();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A tensor that has its elements outside of the message with them in it, on the heap. */
  TensorProto inlined(TensorProto tensor) throws IOException {
    ByteString bytes = ByteString.copyFrom(outside(tensor));
    return header(tensor).toBuilder().setRawData(bytes).build();
  }
}
