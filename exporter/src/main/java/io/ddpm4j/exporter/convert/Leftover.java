package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Tensors that lie beside a network in a checkpoint, and that its output does not depend on. They
 * are told by the words in their names: {@code optimizer_state_dict.state.0.exp_avg} has the part
 * {@code optimizer_state_dict} of the words optimizer, state and dict.
 */
enum Leftover {
  /** What {@code EMAModel} of diffusers keeps: a list, in the order of the parameters. */
  UNNAMED_AVERAGE("an average of the weights without their names", "shadow_params"::equals),

  /** Moments and scales of a training. */
  OPTIMIZER("the optimizer's state", Leftover::isOptimizer),

  /** Of PyTorch's and others' random generators. */
  RANDOM(
      "the state of a random generator",
      part -> words(part).contains("rng") || part.startsWith("random_state")),

  /** Of PyTorch Lightning. */
  TRAINER(
      "the training loop's state",
      Set.of("callbacks", "loops", "hparams", "hyper_parameters")::contains);

  /** What a buffer beside the network is called that holds β, ᾱ and what follows from them. */
  private static final Set<String> TABLES =
      Set.of(
          "alpha",
          "alphas",
          "alphabar",
          "beta",
          "betas",
          "sigma",
          "sigmas",
          "snr",
          "posterior",
          "variance",
          "loss",
          "lvlb",
          "sqrta",
          "sqrtab",
          "sqrtmab");

  /** Other words in such a name. */
  private static final Set<String> OF_TABLES =
      Set.of(
          "sqrt",
          "log",
          "one",
          "minus",
          "over",
          "oneover",
          "recip",
          "recipm1",
          "rsqrt",
          "inv",
          "bar",
          "bars",
          "hat",
          "hats",
          "cumprod",
          "cumprods",
          "prod",
          "prev",
          "next",
          "t",
          "clipped",
          "mean",
          "coef",
          "coef1",
          "coef2",
          "std",
          "weight",
          "weights",
          "p2",
          "mab",
          "min",
          "max");

  /** Whatever their shape. */
  private static final Set<String> COUNTERS =
      Set.of(
          "step",
          "steps",
          "global_step",
          "initted",
          "num_updates",
          "epoch",
          "version",
          "iteration",
          "n_averaged",
          "losses");

  /** What a layer calls its own: of one that nobody knows, even a single number matters. */
  private static final Set<String> PARAMETERS = Set.of("weight", "bias");

  private static final Set<String> OPTIMIZERS =
      Set.of("opt", "optim", "optimizer", "optimizers", "scaler", "scheduler", "schedulers");

  private static final Set<String> STATE = Set.of("state", "states", "dict", "dicts");

  private final String what;
  private final Predicate<String> part;

  Leftover(String what, Predicate<String> part) {
    this.what = what;
    this.part = part;
  }

  private static List<String> words(String part) {
    return List.of(part.split("_", -1));
  }

  /** Its last word is one of an optimizer, but for those that say that it is a state. */
  private static boolean isOptimizer(String part) {
    List<String> words = words(part);
    int last = words.size() - 1;
    while (last > 0 && STATE.contains(words.get(last))) {
      last--;
    }
    return OPTIMIZERS.contains(words.get(last));
  }

  /**
   * What a tensor outside of the network is; empty if it is none of these.
   *
   * @param shape null where it is not known
   */
  static Optional<String> of(String name, Shape shape) {
    List<String> parts = NamePattern.parts(name);
    String last = parts.get(parts.size() - 1);
    if (isTable(last) && (shape == null || isVector(shape))) {
      return Optional.of("a table of the noise schedule");
    }
    for (Leftover leftover : values()) {
      if (parts.stream().anyMatch(leftover.part)) {
        return Optional.of(leftover.what);
      }
    }
    boolean number = shape != null && shape.rank() == 0 && !PARAMETERS.contains(last);
    return COUNTERS.contains(last) || number
        ? Optional.of("a number beside the network")
        : Optional.empty();
  }

  private static boolean isTable(String part) {
    List<String> words = words(part);
    return words.stream().anyMatch(TABLES::contains)
        && words.stream().allMatch(word -> TABLES.contains(word) || OF_TABLES.contains(word));
  }

  /** One number for each timestep, be it with axes to spread it over images. */
  private static boolean isVector(Shape shape) {
    return shape.rank() > 0 && Arrays.stream(shape.sizes()).filter(size -> size != 1).count() <= 1;
  }

  /**
   * Why a tensor of the network itself does not matter: early versions of diffusers saved the
   * frequencies of a Fourier embedding twice.
   *
   * @param name within the network
   * @param used which of its tensors are converted
   */
  static Optional<String> ofNetwork(String name, Predicate<String> used) {
    return name.equals("time_proj.W") && used.test("time_proj.weight")
        ? Optional.of("a second copy of time_proj.weight")
        : Optional.empty();
  }
}
