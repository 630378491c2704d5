package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Parameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One network within a checkpoint: its tensors by the names that they have in the network, whatever
 * the code that trained it put before them. Of several networks it is the average of the weights.
 */
final class Checkpoint {
  private static final int LISTED = 5; // names in a message
  private static final int LONGEST_TABLE = 1_000_000;

  /** Preferred first: an average, then what is no copy of something else. */
  private static final List<Pattern> PREFERENCE =
      List.of(
          Pattern.compile("(?:^|.*\\.)ema_model\\..*"),
          Pattern.compile("(?:^|.*\\.)ema\\.(?!online_model\\.).*"),
          Pattern.compile("(?!(?:.*\\.)?online_model\\.).*"),
          Pattern.compile(".*"));

  private final TensorSource tensors;
  private final String prefix;
  private final List<String> others; // prefixes of other copies of the network
  private final Set<String> used = new HashSet<>();

  private Checkpoint(TensorSource tensors, String prefix, List<String> others) {
    this.tensors = tensors;
    this.prefix = prefix;
    this.others = others;
  }

  /**
   * The network of a family in a checkpoint.
   *
   * @throws ConversionException if there are several, of which none is to be preferred
   */
  static Checkpoint of(Family family, TensorSource tensors) throws ConversionException {
    List<String> prefixes = family.prefixes(tensors.names());
    for (Pattern preferred : PREFERENCE) {
      List<String> found = prefixes.stream().filter(p -> preferred.matcher(p).matches()).toList();
      if (found.size() > 1) {
        throw new ConversionException(
            "expected one network of " + family + ", found one under each of " + quoted(found));
      }
      if (found.size() == 1) {
        List<String> others = prefixes.stream().filter(p -> !p.equals(found.get(0))).toList();
        return new Checkpoint(tensors, found.get(0), others);
      }
    }
    throw new ConversionException("expected a network of " + family + ", found none");
  }

  private static String quoted(List<String> names) {
    return String.join(", ", names.stream().map(name -> "\"" + name + "\"").toList());
  }

  /** What stands before the network's names; empty where nothing does. */
  String prefix() {
    return prefix;
  }

  /** Whether the network has a tensor of that name. */
  boolean has(String name) {
    return tensors.names().contains(prefix + name);
  }

  /** Whether the network has tensors within a layer of that name. */
  boolean hasAny(String layer) {
    return tensors.names().stream().anyMatch(name -> name.startsWith(prefix + layer + "."));
  }

  /** The rank of a tensor that the network has. */
  int rank(String name) {
    return tensors.type(prefix + name).shape().rank();
  }

  /** How many of {@code name.0}, {@code name.1}, ... there are, without a gap. */
  int count(String name) {
    Set<Integer> indices = indices(name);
    int count = 0;
    while (indices.contains(count)) {
      count++;
    }
    return count;
  }

  /** The numbers k for which there is a tensor {@code name.k...}. */
  Set<Integer> indices(String name) {
    String start = prefix + name + ".";
    Set<Integer> indices = new HashSet<>();
    for (String tensor : tensors.names()) {
      if (tensor.startsWith(start)) {
        String index = tensor.substring(start.length()).split("\\.", 2)[0];
        if (index.matches("\\d{1,4}")) {
          indices.add(Integer.parseInt(index));
        }
      }
    }
    return indices;
  }

  /**
   * The extents of a tensor of the network.
   *
   * @param rank that it must have
   * @throws ConversionException if it is missing or of another rank
   */
  int[] shape(String name, int rank) throws ConversionException {
    if (!has(name)) {
      throw new ConversionException("expected a tensor " + prefix + name + ", found none");
    }
    long[] sizes = tensors.type(prefix + name).shape().sizes();
    boolean fits = sizes.length == rank;
    int[] extents = new int[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      fits &= sizes[i] > 0 && sizes[i] <= Integer.MAX_VALUE;
      extents[i] = (int) sizes[i];
    }
    if (!fits) {
      throw new ConversionException(
          "tensor "
              + prefix
              + name
              + ": expected rank "
              + rank
              + ", found shape "
              + tensors.type(prefix + name).shape());
    }
    return extents;
  }

  /**
   * The elements of a vector beside the network, where the diffusion process keeps its tables.
   *
   * @return empty if there is none
   * @throws ConversionException if it is longer than any schedule
   */
  Optional<float[]> table(String name) throws IOException {
    String full = prefix.replaceFirst("(?:model|module|denoise_fn|unet)\\.$", "") + name;
    if (!tensors.names().contains(full)
        || tensors.type(full).shape().rank() != 1
        || !FloatTensors.isFloat(tensors.type(full).dataType())) {
      return Optional.empty();
    }
    if (tensors.type(full).shape().elements() > LONGEST_TABLE) {
      throw new ConversionException(
          "tensor "
              + full
              + ": expected at most "
              + LONGEST_TABLE
              + " timesteps, found "
              + tensors.type(full).shape());
    }
    return Optional.of(FloatTensors.of(tensors.data(full)).floats());
  }

  /**
   * The parameters of our network.
   *
   * @param parameters that it has
   * @param origins where each comes from
   * @throws ConversionException if one is missing or of another shape, or if the checkpoint has a
   *     tensor that none comes from and that is not known to be of no account
   */
  Map<String, TensorData> weights(
      Collection<Parameters.Spec> parameters, Function<String, Origin> origins) throws IOException {
    Set<String> missing = new LinkedHashSet<>(); // one tensor may be of several parameters
    for (Parameters.Spec spec : parameters) {
      Origin origin = origins.apply(spec.name());
      String name = prefix + origin.name();
      used.add(name);
      Shape expected = origin.transform().source(spec.shape());
      if (!tensors.names().contains(name)) {
        missing.add(name + " " + expected);
      } else {
        requireType(name, expected);
      }
    }
    List<String> unused = tensors.names().stream().filter(name -> !isOfNoAccount(name)).toList();
    if (!missing.isEmpty() || !unused.isEmpty()) {
      throw new ConversionException(
          "expected the network's tensors and no others, found "
              + list("missing", new ArrayList<>(missing))
              + (missing.isEmpty() || unused.isEmpty() ? "" : " and ")
              + list("unknown", unused));
    }
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Parameters.Spec spec : parameters) {
      Origin origin = origins.apply(spec.name());
      TensorData tensor = FloatTensors.of(tensors.data(prefix + origin.name()));
      weights.put(spec.name(), origin.transform().apply(tensor, spec.shape()));
    }
    return weights;
  }

  /**
   * The names of the network's tensors, known or not, but for those that are known to be of no
   * account.
   */
  List<String> own() {
    return tensors.names().stream()
        .filter(name -> name.startsWith(prefix) && leftover(name).isEmpty())
        .map(name -> name.substring(prefix.length()))
        .toList();
  }

  /**
   * A tensor of the network as floats.
   *
   * @throws ConversionException if it holds no numbers with fractions
   */
  TensorData floats(String name) throws IOException {
    DataType type = tensors.type(prefix + name).dataType();
    if (!FloatTensors.isFloat(type)) {
      throw new ConversionException(
          "tensor " + prefix + name + ": expected numbers with fractions, found " + type);
    }
    return FloatTensors.of(tensors.data(prefix + name));
  }

  private void requireType(String name, Shape expected) throws ConversionException {
    DataType type = tensors.type(name).dataType();
    Shape shape = tensors.type(name).shape();
    if (!FloatTensors.isFloat(type) || !shape.equals(expected)) {
      throw new ConversionException(
          "tensor "
              + name
              + ": expected float numbers of shape "
              + expected
              + ", found "
              + type
              + shape);
    }
  }

  private static String list(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    String shown = String.join(", ", names.subList(0, Math.min(LISTED, names.size())));
    int more = names.size() - LISTED;
    return names.size()
        + " "
        + what
        + " ("
        + shown
        + (more > 0 ? " and " + more + " more" : "")
        + ")";
  }

  private boolean isOfNoAccount(String name) {
    return used.contains(name) || leftover(name).isPresent();
  }

  /** Why a tensor that is not of the network does not matter; empty if it may. */
  private Optional<String> leftover(String name) {
    if (isOwn(name)) {
      return Optional.empty();
    }
    if (others.stream()
        .anyMatch(other -> name.startsWith(other) && known(name.substring(other.length())))) {
      return Optional.of("another copy of the network");
    }
    return Leftover.of(name);
  }

  private boolean known(String name) {
    return has(name) || used.contains(prefix + name);
  }

  /** Whether a name is the network's; without a prefix all are. */
  private boolean isOwn(String name) {
    return !prefix.isEmpty() && name.startsWith(prefix);
  }

  /** Objects beside the tensors that are not followed, by name: what they are. */
  Map<String, String> skipped() {
    return tensors.skipped();
  }

  /** Tensors that the network's output does not depend on: how many there are of each kind. */
  Map<String, Integer> leftovers() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String name : tensors.names()) {
      if (!used.contains(name)) {
        leftover(name).ifPresent(what -> counts.merge(what, 1, Integer::sum));
      }
    }
    return counts;
  }
}
