package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.ModelBuffers;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.sampling.SamplingRun;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A class-conditional network under classifier-free guidance: its answer for the classes, moved
 * away from that for another label. Both come from one call for twice the images; where a model
 * fixes its batch, from two calls. The learned variance, if there is one, is that for the classes.
 */
final class GuidedModel implements LentModel {
  private final BoundModel bound;
  private final Memory memory;
  private final float scale;
  private final int[] labels; // of the images, and in the second half what they lead away from

  /** What a guided network needs beside the run's buffers: allocated once for all batches. */
  static final class Memory {
    private final boolean together; // both halves in one call
    private final int images;
    private final int elements;
    private final int stride;
    private final FloatBuffer x; // of 2N images, or of N for two calls
    private final FloatBuffer output;
    private final float[] towards;
    private final float[] away;
    private final ModelBuffers buffers;

    /** For a run and others of its size; {@code shape} is N, C, H, W. */
    Memory(OnnxEpsilonModel model, SamplingRun run, long... shape) {
      this.together = model.signature().fixedBatch() < 1;
      this.images = run.images();
      this.elements = run.elements();
      this.stride = run.stride();
      int rows = together ? Math.multiplyExact(2, images) : images;
      this.x = direct(rows, elements);
      this.output = direct(rows, stride);
      this.towards = new float[images * stride];
      this.away = new float[images * stride];
      long[] both = shape.clone();
      both[0] = rows;
      this.buffers = model.buffers(x, output, both);
    }

    private static FloatBuffer direct(int rows, int values) {
      int bytes = Math.multiplyExact(Math.multiplyExact(rows, values), Float.BYTES);
      return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
  }

  /** Over memory of this model, which no other one uses meanwhile. */
  GuidedModel(OnnxEpsilonModel model, Memory memory, double scale, int awayFrom) {
    this.memory = memory;
    this.scale = (float) scale;
    this.labels = new int[2 * memory.images];
    Arrays.fill(labels, memory.images, labels.length, awayFrom);
    this.bound = model.bind(memory.buffers);
  }

  @Override
  public void classLabels(int[] classes) {
    for (int i = 0; i < memory.images; i++) {
      labels[i] = classes[Math.min(i, classes.length - 1)];
    }
  }

  @Override
  public String name() {
    return bound.name();
  }

  @Override
  public void predict(FloatBuffer input, int count, double timestep, FloatBuffer result) {
    int size = memory.images * memory.elements;
    float[] towards = memory.towards;
    float[] away = memory.away;
    memory.x.put(0, input, 0, size);
    if (memory.together) {
      memory.x.put(size, input, 0, size);
      call(0, timestep);
      memory.output.get(0, towards);
      memory.output.get(towards.length, away);
    } else {
      call(0, timestep);
      memory.output.get(0, towards);
      call(memory.images, timestep);
      memory.output.get(0, away);
    }
    for (int from = 0; from < towards.length; from += memory.stride) {
      for (int i = from; i < from + memory.elements; i++) { // the rest is the variance
        towards[i] = away[i] + scale * (towards[i] - away[i]);
      }
    }
    result.put(0, towards);
  }

  private void call(int firstLabel, double timestep) {
    bound.classLabels(labels, firstLabel);
    int rows = memory.together ? 2 * memory.images : memory.images;
    bound.predict(memory.x, rows, timestep, memory.output);
  }

  @Override
  public long sessionNanos() {
    return bound.sessionNanos();
  }

  @Override
  public void close() {
    bound.close();
  }
}
