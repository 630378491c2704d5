package io.ddpm4j.bench;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * Writes what {@code pytorch/agreement.py} repeats before anything is timed: starting weights, one
 * batch, the exported network's prediction for it, the images of a run of DDIM, and the losses of
 * three train steps.
 */
public final class Agreement {
  private static final int STEPS = 3;
  private static final int DDIM_STEPS = 5; // an untrained network multiplies last bits at each

  private Agreement() {}

  public static void main(String[] args) throws IOException {
    BenchOptions options = new BenchOptions(args);
    Path out = Path.of(options.text("--out", "agreement.safetensors"));
    int batch = options.number("--batch", 4);
    UNetConfig unet = BenchNetwork.config(options);
    options.end();
    long[] shape = {batch, unet.inChannels(), unet.sampleSize(), unet.sampleSize()};
    int elements = (int) (shape[0] * shape[1] * shape[2] * shape[3]);
    Map<String, TensorData> weights = UNet.parameters(unet).initialize(1);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> tensors.put("weight." + name, tensor));

    TrainStepConfig config = BenchNetwork.trainStep(unet, batch);
    FloatBuffer noise = buffer(elements);
    try (TrainSession session = new TrainSession(config, TrainSession.Options.ofThreads(2))) {
      session.initialize(session.layout().join(weights));
      StepInputs inputs = session.newInputs();
      Random random = new Random(0);
      float[] pixels = new float[elements];
      for (int i = 0; i < elements; i++) {
        int pixel = random.nextInt(256);
        pixels[i] = pixel;
        inputs.images().put(i, (byte) pixel);
        noise.put(i, (float) random.nextGaussian());
      }
      inputs.noise().put(0, noise, 0, elements);
      long[] timesteps = new long[batch];
      for (int i = 0; i < batch; i++) {
        timesteps[i] = random.nextInt(1000);
        inputs.timesteps().put(i, timesteps[i]);
      }
      float[] losses = new float[STEPS];
      for (int step = 1; step <= STEPS; step++) {
        losses[step - 1] = session.step(inputs, step, 2e-4).loss();
      }
      tensors.put("pixels", TensorData.ofFloats(pixels, shape));
      tensors.put("noise", TensorData.ofFloats(array(noise), shape));
      tensors.put("timesteps", TensorData.ofLongs(timesteps, batch));
      tensors.put("losses", TensorData.ofFloats(losses, STEPS));
    }

    FloatBuffer prediction = buffer(elements);
    SessionSettings settings = new SessionSettings(Device.cpu(), 2);
    int size = unet.sampleSize();
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(BenchNetwork.model(unet), "agreement", settings);
        BoundModel bound = model.bind(noise, prediction, batch, unet.inChannels(), size, size)) {
      bound.predict(noise, batch, 500, prediction);
    }
    try (DdimRun ddim = new DdimRun(unet, batch, DDIM_STEPS, 2)) {
      tensors.put("images", TensorData.ofFloats(ddim.sample().clone(), shape));
    }
    tensors.put("prediction", TensorData.ofFloats(array(prediction), shape));
    try (OutputStream stream = Files.newOutputStream(out)) {
      new Safetensors(tensors, Map.of()).write(stream);
    }
  }

  private static FloatBuffer buffer(int elements) {
    return ByteBuffer.allocateDirect(elements * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static float[] array(FloatBuffer buffer) {
    float[] values = new float[buffer.capacity()];
    buffer.get(0, values);
    return values;
  }
}
