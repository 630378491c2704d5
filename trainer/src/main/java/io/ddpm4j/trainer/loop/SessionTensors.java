package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.step.TrainSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The state vectors of a session as the tensors of a checkpoint, and back. */
public final class SessionTensors {
  private SessionTensors() {}

  /** All state vectors, under the names of {@link Checkpoint#tensors}. */
  public static Map<String, TensorData> of(TrainSession session) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (String vector : session.stateNames()) {
      session
          .layout()
          .split(session.state(vector))
          .forEach((name, tensor) -> tensors.put(Checkpoint.tensorName(vector, name), tensor));
    }
    return tensors;
  }

  /**
   * Gives a session the state of a checkpoint.
   *
   * @param run its folder, for the message
   * @throws CheckpointException if it is of another network
   */
  public static void restore(TrainSession session, Checkpoint from, Path run)
      throws CheckpointException {
    List<float[]> vectors = new ArrayList<>();
    for (String name : session.stateNames()) {
      try {
        vectors.add(session.layout().join(from.state(name)));
      } catch (IllegalArgumentException e) {
        throw new CheckpointException(
            run + ": the checkpoint is of another network: " + e.getMessage(), e);
      }
    }
    session.setState(vectors);
  }
}
