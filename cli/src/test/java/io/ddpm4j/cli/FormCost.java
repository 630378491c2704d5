package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * What a model in another form costs beside the original.
 *
 * @param largest difference
 * @param rms root of the mean squared difference
 */
record FormCost(double largest, double rms) {
  private static final int IMAGES = 16;
  private static final int STEPS = 20;
  private static final long SEED = 7;
  private static final double[] TIMESTEPS = {0, 250, 500, 750, 999};

  private static FormCost between(float[] expected, float[] found) {
    double largest = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - found[i]);
      largest = Math.max(largest, difference);
      squares += difference * difference;
    }
    return new FormCost(largest, Math.sqrt(squares / expected.length));
  }

  /** Of predictions for the noise of 16 images at five timesteps. */
  static FormCost ofPredictions(Path original, Path form) throws IOException {
    return between(predictions(original), predictions(form));
  }

  /** Of 16 images by DDIM in 20 steps, in grey values from 0 to 255. */
  static FormCost ofImages(Path original, Path form) throws IOException {
    return between(images(original), images(form));
  }

  private static float[] predictions(Path file) throws IOException {
    SessionSettings settings = SessionSettings.defaults();
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(file, settings)) {
      ImageShape image = model.metadata().image().orElseThrow();
      int elements = image.channels() * image.height() * image.width();
      FloatBuffer x = direct(IMAGES * elements);
      FloatBuffer output = direct(IMAGES * elements);
      float[] noise = new float[x.capacity()];
      new ImageNoise(SEED).fill(noise, 0, IMAGES, elements, 0);
      x.put(0, noise);
      float[] all = new float[TIMESTEPS.length * noise.length];
      try (BoundModel bound =
          model.bind(x, output, IMAGES, image.channels(), image.height(), image.width())) {
        bound.classLabels(labels(model.metadata().classNames().size()), 0);
        for (int k = 0; k < TIMESTEPS.length; k++) {
          bound.predict(x, IMAGES, TIMESTEPS[k], output);
          output.get(0, all, k * noise.length, noise.length);
        }
      }
      return all;
    }
  }

  private static int[] labels(int classes) {
    return IntStream.range(0, IMAGES).map(k -> k % classes).toArray();
  }

  private static float[] images(Path file) throws IOException {
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(file).sampler(Samplers.ddim()).steps(STEPS).build()) {
      int classes = pipeline.metadata().classNames().size();
      GenerationRequest request =
          GenerationRequest.of(IMAGES, SEED).withClassLabels(labels(classes));
      float[] values = pipeline.generate(request).images().values();
      for (int i = 0; i < values.length; i++) {
        values[i] = 127.5f * Math.min(Math.max(values[i] + 1, 0), 2); // of -1 to 1
      }
      return values;
    }
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
