package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import java.nio.file.Path;

/** Whether a checkpoint belongs to the run in whose folder it lies. */
final class CheckpointMatch {
  private CheckpointMatch() {}

  /**
   * Refuses a checkpoint of another run.
   *
   * @param folder the checkpoint's, for the message
   * @param unet the network that the run's configuration describes
   */
  static void require(Path folder, Checkpoint checkpoint, TrainConfig config, UNetConfig unet)
      throws CheckpointException {
    if (!isNetwork(unet, checkpoint.unet())) {
      throw new CheckpointException(
          folder + ": expected a checkpoint of the network in run.json, found another network's");
    }
    if (checkpoint.seed() != config.run().seed()) {
      throw new CheckpointException(
          folder
              + ": expected a checkpoint of seed "
              + config.run().seed()
              + ", found "
              + checkpoint.seed());
    }
  }

  private static boolean isNetwork(UNetConfig unet, String json) {
    try {
      return unet.equals(UNetConfig.fromJson(json));
    } catch (IllegalArgumentException e) {
      return false; // one that this version does not know
    }
  }
}
