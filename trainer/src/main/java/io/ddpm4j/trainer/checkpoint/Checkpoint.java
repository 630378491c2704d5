package io.ddpm4j.trainer.checkpoint;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.trainer.data.DataPosition;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * All that a run needs to go on bit for bit. The random numbers of step k are a function of the
 * seed and k, so seed and step are their whole state.
 *
 * @param step steps done
 * @param images images seen
 * @param seed of noise, timesteps and the order of the data
 * @param position where in the data the next step begins
 * @param smoothedLoss the running mean that progress shows
 * @param seconds training time so far
 * @param recovery how the run stands with breakdowns
 * @param unet the network's configuration: a U-Net's {@code config.json}, or a classifier's
 * @param tensors every state vector by name and parameter: {@code weights.conv_in.weight}
 */
public record Checkpoint(
    long step,
    long images,
    long seed,
    DataPosition position,
    double smoothedLoss,
    double seconds,
    Recovery recovery,
    String unet,
    Map<String, TensorData> tensors) {
  /**
   * The vector of what the choice of timesteps has learnt: {@code timesteps.losses}; of most runs
   * there is none.
   */
  public static final String TIMESTEPS = "timesteps";

  /** The name under which {@link #tensors} holds a parameter of a state vector. */
  public static String tensorName(String vector, String parameter) {
    return vector + "." + parameter;
  }

  /** One state vector by parameter: {@code conv_in.weight}; empty if there is none of that name. */
  public Map<String, TensorData> state(String vector) {
    String prefix = tensorName(vector, "");
    Map<String, TensorData> parameters = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            parameters.put(name.substring(prefix.length()), tensor);
          }
        });
    return parameters;
  }
}
