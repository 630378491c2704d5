package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.model.TensorSpec;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The same images by a loop in one graph and by the loop in Java, from the noise of one seed.
 *
 * @param images how many
 * @param labels of the images; empty for an unconditional network
 * @param guidance 1 for none
 */
record LoopRun(int images, int[] labels, double guidance) {
  private static final long SEED = -0x1234_5678_9ABC_DEFL; // all 64 bits count

  /** Of unconditional networks. */
  static LoopRun plain(int images) {
    return new LoopRun(images, new int[0], 1);
  }

  /** What a loop makes. */
  NumpyArray loop(Path loop, DiffusionPipeline of) throws IOException {
    try (OnnxModel model = OnnxModel.open(loop, new SessionSettings(Device.cpu(), 1))) {
      Map<String, NumpyArray> all = inputs(of.imageShape(), of.steps());
      Map<String, NumpyArray> wanted = new LinkedHashMap<>();
      for (TensorSpec input : model.inputs()) {
        wanted.put(input.name(), all.get(input.name()));
      }
      return model.run(wanted).get("images");
    }
  }

  private Map<String, NumpyArray> inputs(ImageShape shape, int steps) {
    int elements = shape.channels() * shape.height() * shape.width();
    float[] noise = new float[images * elements];
    NoiseSource.ofSeed(SEED).fill(noise, 0, images, elements, 0);
    float[] ofSteps = new float[steps * noise.length];
    for (int step = 0; step < steps; step++) {
      float[] draw = new float[noise.length];
      NoiseSource.ofSeed(SEED).fill(draw, 0, images, elements, step + 1);
      System.arraycopy(draw, 0, ofSteps, step * draw.length, draw.length);
    }
    long[] classes = new long[images];
    for (int k = 0; k < images; k++) {
      classes[k] = labels.length == 0 ? 0 : labels[k % labels.length];
    }
    long[] image = {shape.channels(), shape.height(), shape.width()};
    return Map.of(
        "noise",
        NumpyArray.of(noise, images, image[0], image[1], image[2]),
        "step_noise",
        NumpyArray.of(ofSteps, steps, images, image[0], image[1], image[2]),
        "class_labels",
        NumpyArray.of(classes, images),
        "guidance",
        NumpyArray.of(new float[] {(float) guidance}),
        "seed",
        NumpyArray.of(new long[] {SEED}),
        "count",
        NumpyArray.of(new long[] {images}));
  }

  /**
   * What the Java loop makes, (N, C, H, W).
   *
   * @param largest receives the largest number that it ever held: rounding is relative to that
   */
  float[] java(DiffusionPipeline pipeline, float[] largest) {
    StepListener watcher =
        new StepListener() {
          @Override
          public void onStart(Start start) {
            see(start.x());
          }

          @Override
          public void onStep(Step step) {
            see(step.x());
          }

          private void see(FloatBuffer x) {
            for (int k = 0; k < x.limit(); k++) {
              largest[0] = Math.max(largest[0], Math.abs(x.get(k)));
            }
          }
        };
    GenerationRequest request = GenerationRequest.of(images, SEED).withListener(watcher);
    if (labels.length > 0) {
      request = request.withClassLabels(labels).withGuidanceScale(guidance);
    }
    return pipeline.generate(request).images().values();
  }

  static double difference(float[] expected, NumpyArray found) {
    double largest = 0;
    for (int k = 0; k < expected.length; k++) {
      largest = Math.max(largest, Math.abs(expected[k] - found.doubleAt(k)));
    }
    return largest;
  }

  /** All labels in turn. */
  static LoopRun ofClasses(List<String> names, int images, double guidance) {
    int[] labels = new int[names.size()];
    for (int k = 0; k < labels.length; k++) {
      labels[k] = k;
    }
    return new LoopRun(images, labels, guidance);
  }
}
