package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Tensors over direct buffers, and whatever else a session owns: freed together. A tensor may lie
 * over a part of a buffer. Whoever makes something native has it owned before the next thing is
 * made, so that what a constructor that fails has made is freed by one {@link #close}.
 */
class NativeTensors implements AutoCloseable { // a test has it fail
  private final OrtEnvironment environment;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private boolean closed;

  NativeTensors(OrtEnvironment environment) {
    this.environment = environment;
  }

  /**
   * Takes a resource, which is closed with this.
   *
   * @throws IllegalStateException if this is closed; then the resource is, too
   */
  <T extends AutoCloseable> T own(T resource) {
    if (closed) {
      IllegalStateException failure = new IllegalStateException("the train session is closed");
      try {
        resource.close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }
    owned.add(resource);
    return resource;
  }

  /** Tensors that are freed with these, or before. */
  NativeTensors child() {
    return own(new NativeTensors(environment));
  }

  OrtEnvironment environment() {
    return environment;
  }

  static ByteBuffer bytes(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  static FloatBuffer floats(int size) {
    return bytes(Math.multiplyExact(size, Float.BYTES)).asFloatBuffer();
  }

  static LongBuffer longs(int size) {
    return bytes(Math.multiplyExact(size, Long.BYTES)).asLongBuffer();
  }

  /** A tensor over the elements from {@code offset} on. */
  OnnxTensor of(FloatBuffer buffer, int offset, long... shape) throws OrtException {
    return own(OnnxTensor.createTensor(environment, buffer.slice(offset, elements(shape)), shape));
  }

  /** A tensor over the elements from {@code offset} on. */
  OnnxTensor of(LongBuffer buffer, int offset, long... shape) throws OrtException {
    return own(OnnxTensor.createTensor(environment, buffer.slice(offset, elements(shape)), shape));
  }

  /** A uint8 tensor over the bytes from {@code offset} on. */
  OnnxTensor of(ByteBuffer buffer, int offset, long... shape) throws OrtException {
    ByteBuffer part = buffer.slice(offset, elements(shape)).order(ByteOrder.nativeOrder());
    return own(OnnxTensor.createTensor(environment, part, shape, OnnxJavaType.UINT8));
  }

  /**
   * The parameters in a vector, by a name that is made of theirs.
   *
   * @param vector (P)
   */
  Map<String, OnnxTensor> ofParameters(
      ParameterLayout layout, FloatBuffer vector, UnaryOperator<String> naming)
      throws OrtException {
    Map<String, OnnxTensor> parts = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      parts.put(naming.apply(entry.name()), of(vector, entry.offset(), entry.stored().sizes()));
    }
    return parts;
  }

  private static int elements(long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, Math.toIntExact(size));
    }
    return elements;
  }

  /** Frees everything, also where some of it fails to close; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    IllegalStateException failure = null;
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (Exception e) { // the others are freed all the same
        if (failure == null) {
          failure = new IllegalStateException("closing the train session: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    owned.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
