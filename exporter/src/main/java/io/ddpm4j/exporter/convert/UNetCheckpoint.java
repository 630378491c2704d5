package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The {@code UNet2DModel} in a checkpoint: what it looks like, and its parameters under the names
 * that they have today, as floats.
 */
public final class UNetCheckpoint {
  private final Checkpoint checkpoint;

  private UNetCheckpoint(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /**
   * Finds the network; of an average and what is averaged, the average.
   *
   * @throws ConversionException if it is another network, or there are several
   */
  public static UNetCheckpoint of(TensorSource tensors) throws ConversionException {
    Family family = Family.of(Checkpoint.names(tensors));
    if (family != Family.DIFFUSERS) {
      throw new ConversionException(
          "expected a checkpoint of " + Family.DIFFUSERS + ", found one of " + family);
    }
    return new UNetCheckpoint(Checkpoint.of(family, CheckpointConverter.Request.of(tensors)));
  }

  /**
   * What the network looks like.
   *
   * @param config JSON of the constructor's arguments; what it leaves out and tensors say is added,
   *     unless diffusers wrote it
   * @throws IllegalArgumentException if an argument is missing that no tensor says, or ours cannot
   *     be this network; the message names the argument
   * @throws ConversionException if tensors are missing or of another rank
   */
  public UNetConfig network(String config) throws ConversionException {
    return UNetConfig.fromJson(
        DiffusersInference.known(checkpoint, Arguments.parse(config).object()).toString());
  }

  /**
   * The parameters of a network, which the checkpoint must hold and no other.
   *
   * @throws ConversionException if one is missing or of another type or shape, or there are others
   * @throws IOException if they cannot be read
   */
  public Map<String, TensorData> weights(UNetConfig network) throws IOException {
    return weights(checkpoint, network);
  }

  static Map<String, TensorData> weights(Checkpoint checkpoint, UNetConfig network)
      throws IOException {
    return checkpoint.weights(
        UNet.parameters(network).specs().values(),
        parameter -> DiffusersNames.origin(checkpoint, parameter));
  }

  /**
   * All tensors of the network, whatever it looks like.
   *
   * @throws ConversionException if one holds no numbers with fractions
   * @throws IOException if they cannot be read
   */
  public Map<String, TensorData> weights() throws IOException {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (String name : checkpoint.own()) {
      String parameter = DiffusersNames.parameter(name);
      TensorData tensor = checkpoint.floats(name);
      weights.put(parameter, DiffusersNames.asParameter(parameter, tensor));
    }
    return weights;
  }
}
