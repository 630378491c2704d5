package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** Timestep and class as the vector that every residual block is told. */
final class TimeConditioning {
  private final UNetConfig config;
  private final Layers layers;
  private final Ops ops;

  TimeConditioning(UNetConfig config, Layers layers) {
    this.config = config;
    this.layers = layers;
    this.ops = layers.ops();
  }

  /**
   * @param timestep (N), of the type that {@link UNet#inputs} says or another number type
   * @param classLabels null for an unconditional network
   * @return (N, timeChannels)
   */
  Value embedding(Value timestep, Value classLabels) {
    return ops.graph()
        .inScope(
            "time_embedding",
            () -> {
              Value embedding = layersBehind("time_embedding", projected(timestep));
              return classLabels == null
                  ? embedding
                  : ops.add(embedding, classEmbedding(classLabels));
            });
  }

  private Value projected(Value timestep) {
    int first = config.blockOutChannels().get(0);
    return switch (config.timeEmbedding()) {
      case POSITIONAL ->
          TimestepEmbedding.sinusoidal(
              ops,
              scaled(timestep),
              config.sinusoidDim() > 0 ? config.sinusoidDim() : first,
              config.flipSinToCos(),
              config.freqShift());
      case FOURIER -> TimestepEmbedding.fourier(layers, "time_proj", scaled(timestep), first);
      case LEARNED -> layers.embedding("time_proj", timestep, config.numTrainTimesteps(), first);
    };
  }

  private Value scaled(Value timestep) {
    double scale = config.timestepScale();
    return scale == 1 ? timestep : ops.mul(ops.cast(timestep, DataType.FLOAT), scale);
  }

  private Value classEmbedding(Value labels) {
    return switch (config.classEmbedding()) {
      case TABLE ->
          layers.embedding(
              "class_embedding", labels, config.numClassEmbeds(), config.timeChannels());
      case TIMESTEP -> layersBehind("class_embedding", projected(labels));
      case IDENTITY -> ops.cast(labels, DataType.FLOAT);
    };
  }

  private Value layersBehind(String name, Value x) {
    int wide = config.timeChannels();
    Value hidden = ops.silu(layers.linear(name + ".linear_1", x, wide));
    return layers.linear(name + ".linear_2", hidden, wide);
  }
}
