package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.LearningRate;
import io.ddpm4j.trainer.step.ParameterLayout;
import io.ddpm4j.trainer.step.TrainStepConfig;
import io.ddpm4j.trainer.step.TrainStepGraph;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What a program must know to train with a {@link TrainStepGraph}, as JSON: {@code
 * docs/exporting.md} describes every field.
 */
record TrainStepDescription(RunSnapshot run, TrainStepConfig config, TrainStepGraph step) {
  private static final String FORMAT = "ddpm4j.train_step";
  private static final int VERSION = 1;

  /** Names of element types as JavaScript and NumPy have them. */
  private static final Map<DataType, String> TYPES =
      Map.of(DataType.FLOAT, "float32", DataType.INT64, "int64", DataType.UINT8, "uint8");

  private static final String STATE = "state";

  /** A description with the names of its files and what training begins with. */
  static JsonObject withFiles(JsonObject description, TrainStepExporter.Files files, long done) {
    JsonObject names = new JsonObject();
    names.addProperty("train_step", files.step().getFileName().toString());
    names.addProperty("predictor", files.predictor().getFileName().toString());
    names.addProperty(STATE, files.state().getFileName().toString());
    JsonObject named = new JsonObject();
    named.add("files", names);
    named.addProperty("steps_done", done);
    description.asMap().forEach(named::add);
    return named;
  }

  JsonObject toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("format", FORMAT);
    o.addProperty("version", VERSION);
    o.addProperty("batch_size", config.batchSize());
    JsonArray inputs = new JsonArray();
    step.graph().inputs().forEach(value -> inputs.add(tensor(value.name(), value)));
    o.add("inputs", inputs);
    JsonArray outputs = new JsonArray();
    step.graph().outputs().forEach((name, value) -> outputs.add(tensor(name, value)));
    o.add("outputs", outputs);
    o.add(STATE, state());
    o.add("parameters", parameters());
    o.add("learning_rate", learningRate());
    o.add("optimizer", optimizer());
    o.add("draws", draws());
    o.add("scheduler", JsonParser.parseString(run.config().diffusion().scheduler().toJson()));
    o.add("objective", objective());
    o.add("image", JsonParser.parseString(RunExporter.image(config.unet())));
    boolean told = config.unet().numClassEmbeds() > 0;
    o.add("classes", DatasetCard.array(told ? run.data().classes() : List.of()));
    return o;
  }

  private JsonObject tensor(String name, Value value) {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.addProperty("type", TYPES.get(value.dataType()));
    o.add("shape", array(value.shape()));
    o.addProperty("role", role(name));
    return o;
  }

  /** What a tensor is for: of all but state and masks, its name says it. */
  private String role(String name) {
    if (step.masks().containsKey(name)) {
      return "dropout_mask";
    }
    String vector = name.startsWith(TrainStepGraph.NEW) ? name.substring(4) : name;
    return UpdateGraph.state(config).contains(vector) ? STATE : name;
  }

  private static JsonArray array(Shape shape) {
    JsonArray array = new JsonArray();
    for (long size : shape.sizes()) {
      array.add(size);
    }
    return array;
  }

  /** Which output becomes which input, and of an average its decay. */
  private JsonArray state() {
    List<String> names = UpdateGraph.state(config);
    int first = names.indexOf(UpdateGraph.EMA);
    JsonArray array = new JsonArray();
    for (int i = 0; i < names.size(); i++) {
      JsonObject o = new JsonObject();
      o.addProperty("input", names.get(i));
      o.addProperty("output", TrainStepGraph.NEW + names.get(i));
      if (i >= first) {
        Ema average = config.averages().get(i - first);
        o.addProperty("decay", average.decay());
      }
      array.add(o);
    }
    return array;
  }

  private JsonArray parameters() {
    JsonArray array = new JsonArray();
    for (ParameterLayout.Entry entry : step.layout().entries()) {
      JsonObject o = new JsonObject();
      o.addProperty("name", entry.name());
      o.add("shape", array(entry.shape()));
      o.addProperty("offset", entry.offset());
      array.add(o);
    }
    return array;
  }

  private JsonObject learningRate() {
    LearningRate rate = run.config().optimizer().rate(run.config().run().steps());
    JsonObject o = new JsonObject();
    o.addProperty("peak", rate.peak() * run.rateFactor());
    o.addProperty("warmup_steps", rate.warmupSteps());
    o.addProperty("decay", rate.decay().label());
    o.addProperty("steps", rate.steps());
    o.addProperty("floor", rate.floor() * run.rateFactor());
    return o;
  }

  private JsonObject optimizer() {
    Adam adam = config.adam();
    JsonObject o = new JsonObject();
    o.addProperty("beta1", adam.beta1());
    o.addProperty("beta2", adam.beta2());
    o.addProperty("epsilon", adam.epsilon());
    o.addProperty("weight_decay", adam.weightDecay());
    double norm = config.clipping().maxNorm();
    if (Double.isFinite(norm)) {
      o.addProperty("max_gradient_norm", norm);
    } else {
      o.add("max_gradient_norm", JsonNull.INSTANCE);
    }
    return o;
  }

  /** What a program draws for each step, which the graph leaves to it. */
  private JsonObject draws() {
    NetworkConfig network = run.config().network();
    JsonObject o = new JsonObject();
    o.addProperty("timesteps", run.config().diffusion().trainTimesteps());
    o.addProperty("offset_noise", run.config().diffusion().objective().offsetNoise());
    o.addProperty("dropout", config.unet().dropout());
    o.addProperty("label_dropout", network.labelDropout());
    OptionalInt nullClass = network.nullClass(run.data().classes().size());
    nullClass.ifPresentOrElse(
        label -> o.addProperty("null_class", label), () -> o.add("null_class", JsonNull.INSTANCE));
    o.addProperty("horizontal_flips", run.config().data().horizontalFlips());
    return o;
  }

  private JsonObject objective() {
    ObjectiveConfig objective = run.config().diffusion().objective();
    JsonObject o = new JsonObject();
    o.addProperty("loss", objective.loss());
    o.addProperty("min_snr", objective.minSnr());
    o.addProperty("model_guidance", objective.modelGuidance());
    return o;
  }
}
