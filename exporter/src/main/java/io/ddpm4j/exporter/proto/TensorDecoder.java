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

  /**
   * @param source the model file's name, for messages
   * @param folder the model's folder; null where there is none
   */
  TensorDecoder(String source, Path folder) {
    this.source = source;
    this.folder = folder;
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
    byte[] bytes;
    if (ExternalReference.isExternal(tensor)) {
      bytes = ExternalReference.of(source, folder, tensor).read().toByteArray();
    } else if (tensor.hasRawData()) {
      bytes = tensor.getRawData().toByteArray();
    } else {
      bytes = typed(tensor, type);
    }
    if (bytes.length != expected) {
      throw new OnnxFormatException(
          what
              + ": expected "
              + expected
              + " bytes for "
              + type
              + tensor.getDimsList()
              + ", found "
              + bytes.length);
    }
    long[] sizes = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    return TensorData.ofBytes(type, Shape.of(sizes), bytes);
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

  /** The typed field that the format gives to each element type; small types widened to int32. */
  private static byte[] typed(TensorProto tensor, DataType type) {
    int width = type.bytes();
    return switch (type) {
      case FLOAT, COMPLEX64 -> {
        ByteBuffer out = little(tensor.getFloatDataCount() * 4);
        tensor.getFloatDataList().forEach(out::putFloat);
        yield out.array();
      }
      case DOUBLE, COMPLEX128 -> {
        ByteBuffer out = little(tensor.getDoubleDataCount() * 8);
        tensor.getDoubleDataList().forEach(out::putDouble);
        yield out.array();
      }
      case INT64 -> integers(tensor.getInt64DataList(), width);
      case UINT32, UINT64 -> integers(tensor.getUint64DataList(), width);
      default -> integers(tensor.getInt32DataList(), width);
    };
  }

  private static byte[] integers(List<? extends Number> values, int width) {
    ByteBuffer out = little(values.size() * width);
    for (Number value : values) {
      switch (width) {
        case 1 -> out.put(value.byteValue());
        case 2 -> out.putShort(value.shortValue());
        case 4 -> out.putInt(value.intValue());
        default -> out.putLong(value.longValue());
      }
    }
    return out.array();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The elements of a tensor that is external, as raw data in the model. */
  TensorProto inlined(TensorProto tensor) throws IOException {
    ByteString bytes = ExternalReference.of(source, folder, tensor).read();
    return tensor.toBuilder().clearExternalData().clearDataLocation().setRawData(bytes).build();
  }
}
