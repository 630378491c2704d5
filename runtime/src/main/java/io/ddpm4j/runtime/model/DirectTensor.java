package io.ddpm4j.runtime.model;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import io.ddpm4j.runtime.image.HalfPrecision;
import io.ddpm4j.runtime.image.NumpyArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * A native tensor over direct memory, made once and used at every step. Over floats it shares the
 * caller's memory where the model takes floats too; else it lies on memory in the model's type, and
 * {@link #load} and {@link #store} convert without allocating anything.
 */
final class DirectTensor implements AutoCloseable {
  private final OnnxTensor tensor;
  private final FloatBuffer floats; // null: of no floats
  private final ShortBuffer shorts; // null: not of 16 bits
  private final DoubleBuffer doubles; // null: not of 64 bits
  private final ElementType type;

  private DirectTensor(OnnxTensor tensor, FloatBuffer floats, ElementType type, ByteBuffer own) {
    this.tensor = tensor;
    this.floats = floats;
    this.type = type;
    this.shorts = own != null && type.bytes() == Short.BYTES ? own.asShortBuffer() : null;
    this.doubles = own != null && type.bytes() == Double.BYTES ? own.asDoubleBuffer() : null;
  }

  /**
   * Over numbers that a sampler keeps as floats.
   *
   * @param floats direct, native order; all of it
   * @param own as {@link #allocateFor} gives it
   */
  static DirectTensor ofFloats(
      ElementType type, FloatBuffer floats, ByteBuffer own, long... shape) {
    if (own == null) {
      return new DirectTensor(
          made(shape, () -> OnnxTensor.createTensor(OnnxSession.ENVIRONMENT, floats, shape)),
          floats,
          type,
          null);
    }
    return new DirectTensor(create(type, own, shape), floats, type, own);
  }

  /** Memory in the model's type for as many numbers; null where that is float, which needs none. */
  static ByteBuffer allocateFor(ElementType type, FloatBuffer floats) {
    return type == ElementType.FLOAT ? null : allocate(type, floats.capacity());
  }

  /**
   * Over bytes.
   *
   * @param bytes direct, native order; from position to limit
   */
  static DirectTensor ofBytes(ElementType type, ByteBuffer bytes, long... shape) {
    return new DirectTensor(create(type, bytes, shape), null, type, null);
  }

  /**
   * Of an array: one input of a single run.
   *
   * @throws IllegalArgumentException if the type does not hold its numbers exactly
   */
  static DirectTensor ofArray(ElementType type, NumpyArray array) {
    NumpyArray converted = array.as(type.numpy());
    ByteBuffer bytes = allocate(type, array.size());
    if (type == ElementType.BFLOAT16) {
      for (int i = 0; i < array.size(); i++) {
        float value = (float) converted.doubleAt(i);
        short nearest = HalfPrecision.bfloat16OfFloat(value);
        if (Float.compare(HalfPrecision.bfloat16ToFloat(nearest), value) != 0) {
          throw new IllegalArgumentException(
              "expected numbers that bfloat16 holds, found " + value);
        }
        bytes.putShort(2 * i, nearest);
      }
    } else {
      bytes.put(converted.data()).clear(); // little-endian, as every machine that ORT runs on
    }
    return ofBytes(type, bytes, array.shape());
  }

  /**
   * Copies an output into an array.
   *
   * @param model named in the message
   * @throws IllegalStateException if it is no tensor of numbers that Java can read
   */
  static NumpyArray read(String model, Map.Entry<String, OnnxValue> output) {
    OnnxTensor tensor = output.getValue() instanceof OnnxTensor numbers ? numbers : null;
    ElementType type =
        tensor == null
            ? null
            : ElementType.of(tensor.getInfo().type.name().toLowerCase(Locale.ROOT)).orElse(null);
    if (type == null) {
      throw new IllegalStateException(
          "%s: output %s: expected numbers of a type that Java can read (%s), found %s"
              .formatted(
                  model, output.getKey(), ElementType.labels(), output.getValue().getInfo()));
    }
    ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
    long[] shape = tensor.getInfo().getShape();
    if (type != ElementType.BFLOAT16) {
      return NumpyArray.of(type.numpy(), bytes, shape);
    }
    float[] values = new float[bytes.remaining() / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = HalfPrecision.bfloat16ToFloat(bytes.getShort(2 * i));
    }
    return NumpyArray.of(values, shape);
  }

  private static OnnxTensor create(ElementType type, ByteBuffer bytes, long[] shape) {
    OnnxJavaType javaType = OnnxJavaType.valueOf(type.name());
    return made(
        shape, () -> OnnxTensor.createTensor(OnnxSession.ENVIRONMENT, bytes, shape, javaType));
  }

  private interface Maker {
    OnnxTensor make() throws OrtException;
  }

  private static OnnxTensor made(long[] shape, Maker maker) {
    try {
      return maker.make();
    } catch (OrtException e) { // memory and shape do not fit each other
      throw new IllegalStateException(
          "tensor " + Arrays.toString(shape) + ": " + OnnxSession.firstLine(e), e);
    }
  }

  /** Direct memory in native order. */
  static ByteBuffer allocate(ElementType type, int elements) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(elements, type.bytes()))
        .order(ByteOrder.nativeOrder());
  }

  OnnxTensor tensor() {
    return tensor;
  }

  /** Brings the floats into the tensor; each becomes the nearest number that the type has. */
  void load() {
    if (shorts == null && doubles == null) {
      return; // the tensor lies on them
    }
    int count = floats.capacity();
    switch (type) {
      case FLOAT16 -> {
        for (int i = 0; i < count; i++) {
          shorts.put(i, HalfPrecision.ofFloat(floats.get(i)));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < count; i++) {
          shorts.put(i, HalfPrecision.bfloat16OfFloat(floats.get(i)));
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          doubles.put(i, floats.get(i));
        }
      }
    }
  }

  /** Brings the tensor into the floats. */
  void store() {
    if (shorts == null && doubles == null) {
      return;
    }
    int count = floats.capacity();
    switch (type) {
      case FLOAT16 -> {
        for (int i = 0; i < count; i++) {
          floats.put(i, HalfPrecision.toFloat(shorts.get(i)));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < count; i++) {
          floats.put(i, HalfPrecision.bfloat16ToFloat(shorts.get(i)));
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          floats.put(i, (float) doubles.get(i));
        }
      }
    }
  }

  @Override
  public void close() {
    tensor.close();
  }
}
