package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.checkpoint.StateFile;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.step.ParameterLayout;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run at one step, to be exported: at that of its newest checkpoint, or with a state that a
 * training step elsewhere has made of it.
 */
public final class RunSnapshot {
  private final TrainConfig config;
  private final UNetConfig unet;
  private final DatasetCard data;
  private final double rateFactor;
  private final State state;

  /**
   * What changes from step to step.
   *
   * @param source the file or folder that it was read from
   * @param vectors parameters by name, for each state vector
   * @param sha256 of a state that was trained elsewhere
   */
  private record State(
      Path source,
      long step,
      Map<String, Map<String, TensorData>> vectors,
      Optional<String> sha256) {}

  private RunSnapshot(
      TrainConfig config, UNetConfig unet, DatasetCard data, double rateFactor, State state) {
    this.config = config;
    this.unet = unet;
    this.data = data;
    this.rateFactor = rateFactor;
    this.state = state;
  }

  /**
   * A run as its newest checkpoint has it.
   *
   * @param run the run's folder
   * @throws IOException if there is no checkpoint, it or the description of the data is damaged or
   *     of another run
   */
  public static RunSnapshot newest(Path run) throws IOException {
    RunFolder folder = new RunFolder(run);
    TrainConfig config = folder.readConfig();
    Path latest =
        folder
            .checkpoints()
            .latest()
            .orElseThrow(
                () ->
                    new CheckpointException(run + ": expected a checkpoint to export, found none"));
    Checkpoint checkpoint = folder.checkpoints().read(latest);
    UNetConfig unet = UNetConfig.fromJson(checkpoint.unet());
    DatasetCard data = data(folder.dataset(), unet, config);
    List<Integer> shape = data.shape(); // of early versions it is not known
    int channels = shape.isEmpty() ? unet.inChannels() : shape.get(0);
    int size = shape.isEmpty() ? unet.sampleSize() : shape.get(1);
    CheckpointMatch.require(
        latest, checkpoint, config, config.unet(size, channels, data.classes().size()));
    Map<String, Map<String, TensorData>> vectors = new LinkedHashMap<>();
    for (String name : UpdateGraph.state(config.step(unet))) {
      vectors.put(name, checkpoint.state(name));
    }
    State state = new State(latest, checkpoint.step(), vectors, Optional.empty());
    return new RunSnapshot(config, unet, data, checkpoint.recovery().rateFactor(), state);
  }

  private static DatasetCard data(Path file, UNetConfig unet, TrainConfig config)
      throws IOException {
    DatasetCard data =
        DatasetCard.read(file)
            .orElseThrow(
                () ->
                    new IOException(
                        file + ": expected the description of the run's data, found none"));
    int named = unet.numClassEmbeds() - (config.network().labelDropout() > 0 ? 1 : 0);
    if (unet.numClassEmbeds() > 0 && data.classes().size() != named) {
      throw new IOException(
          file
              + ": expected "
              + named
              + " class names, one for each class of the network, found "
              + data.classes().size());
    }
    return data;
  }

  /**
   * The run as a training step elsewhere has left it.
   *
   * @param file of {@link StateFile}'s form; of the state, what is exported must be there
   * @throws IOException if it is no such file, or of another network
   */
  public RunSnapshot withState(Path file) throws IOException {
    ParameterLayout layout = layout();
    StateFile found = StateFile.read(file, UpdateGraph.state(config.step(unet)), layout.size());
    Map<String, Map<String, TensorData>> vectors = new LinkedHashMap<>();
    found
        .vectors()
        .forEach(
            (name, values) -> vectors.put(name, layout.split(FloatBuffer.wrap(values.floats()))));
    State changed = new State(file, found.step(), vectors, Optional.of(Sha256.of(file)));
    return new RunSnapshot(config, unet, data, rateFactor, changed);
  }

  /** Steps done. */
  public long step() {
    return state.step;
  }

  TrainConfig config() {
    return config;
  }

  UNetConfig unet() {
    return unet;
  }

  DatasetCard data() {
    return data;
  }

  /** What the learning rate of the configuration is multiplied by, since training broke down. */
  double rateFactor() {
    return rateFactor;
  }

  /** SHA-256 of the file of a state that was trained elsewhere. */
  Optional<String> stateSha256() {
    return state.sha256;
  }

  /** How parameters lie in the vectors of a {@link StateFile}. */
  ParameterLayout layout() {
    return ParameterLayout.natural(UNet.parameters(unet).specs().values());
  }

  /** A state vector by parameter. */
  Map<String, TensorData> state(String vector) throws IOException {
    Map<String, TensorData> parameters = state.vectors.getOrDefault(vector, Map.of());
    if (parameters.isEmpty()) {
      throw new IOException(
          state.source
              + ": expected the state vector "
              + vector
              + ", found "
              + new ArrayList<>(state.vectors.keySet()));
    }
    return parameters;
  }
}
