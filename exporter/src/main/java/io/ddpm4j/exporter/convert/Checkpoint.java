package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.nn.Parameters;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * One network within a checkpoint: its tensors by the names that they have in the network, whatever
 * the code that trained it put before them. Of several networks it is the average of the weights,
 * or the one that is asked for.
 */
final class Checkpoint {
  private static final int LONGEST_TABLE = 1_000_000;

  /** Types of weights, the most exact one first. */
  private static final List<DataType> EXACT =
      List.of(DataType.DOUBLE, DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16);

  /** What wrappers call the network that they keep beside their tables. */
  private static final Set<String> WRAPPED = Set.of("model", "module", "denoise_fn", "unet");

  private final TensorSource tensors;
  private final NavigableSet<String> names; // of all tensors, those that are not read too
  private final Copies copies;
  private final String prefix;
  private final boolean named; // by who asks: what is outside of it is of no account
  private final Set<String> used = new HashSet<>();
  private final Set<String> layers = new HashSet<>(); // the first parts of the network's names

  private Checkpoint(
      TensorSource tensors, NavigableSet<String> names, Copies copies, boolean named) {
    this.tensors = tensors;
    this.names = names;
    this.copies = copies;
    this.prefix = copies.chosen();
    this.named = named;
  }

  /**
   * The network of a family in a checkpoint.
   *
   * @throws ConversionException if there are several, of which none is to be preferred
   */
  static Checkpoint of(Family family, CheckpointConverter.Request request)
      throws ConversionException {
    Set<String> names = names(request.tensors());
    return new Checkpoint(
        request.tensors(),
        new TreeSet<>(names),
        Copies.of(family, names, request.prefix()),
        request.prefix().isPresent());
  }

  /** The names of all tensors of a checkpoint, those too that are not read. */
  static Set<String> names(TensorSource tensors) {
    Set<String> names = new LinkedHashSet<>(tensors.names());
    names.addAll(tensors.unread().keySet());
    return names;
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
    String first = names.ceiling(prefix + layer + ".");
    return first != null && first.startsWith(prefix + layer + ".");
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
    for (String tensor : names.tailSet(start)) {
      if (!tensor.startsWith(start)) {
        break;
      }
      String index = tensor.substring(start.length()).split("\\.", 2)[0];
      if (index.matches("\\d{1,4}")) {
        indices.add(Integer.parseInt(index));
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
      String unread = tensors.unread().get(prefix + name);
      throw new ConversionException(
          unread == null
              ? "expected a tensor " + prefix + name + ", found none"
              : "tensor " + prefix + name + ": expected numbers that are read, found " + unread);
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
    String full = wrapper() + name;
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

  /** What stands before the names of what wraps the network. */
  private String wrapper() {
    List<String> parts = NamePattern.parts(prefix);
    String last = parts.size() < 2 ? "" : parts.get(parts.size() - 2);
    return WRAPPED.contains(last)
        ? prefix.substring(0, prefix.length() - last.length() - 1)
        : prefix;
  }

  /**
   * The parameters of our network.
   *
   * @param parameters that it has
   * @param origins where each comes from
   * @throws ConversionException if any are missing or of another shape, or if the checkpoint has
   *     tensors that none comes from and that are not known to be of no account; it names them all
   */
  Map<String, TensorData> weights(
      Collection<Parameters.Spec> parameters, Function<String, Origin> origins) throws IOException {
    TensorReport report = new TensorReport();
    for (Parameters.Spec spec : parameters) {
      Origin origin = origins.apply(spec.name());
      String name = prefix + origin.name();
      if (used.add(name)) { // one tensor may be of several parameters
        layers.add(NamePattern.parts(origin.name()).get(0));
        check(name, origin.transform().source(spec.shape()), report);
      }
    }
    boolean outside = !prefix.isEmpty();
    for (String name : names(tensors)) {
      if (!used.contains(name) && leftover(name).isEmpty()) {
        String unread = tensors.unread().get(name);
        report.unknown(unread == null ? name : name + ", " + unread);
        outside &= !isOwn(name);
      }
    }
    report.requireNothing(
        report.hasOnlyUnknown() && outside
            ? "; --prefix " + prefix + " leaves out what is not under it"
            : "");
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

  private void check(String name, Shape expected, TensorReport report) {
    String wanted = "float numbers of shape " + expected;
    String unread = tensors.unread().get(name);
    if (unread != null) {
      report.wrong(name, wanted, unread);
    } else if (!tensors.names().contains(name)) {
      report.missing(name + " " + expected);
    } else {
      TensorType type = tensors.type(name);
      if (!FloatTensors.isFloat(type.dataType()) || !type.shape().equals(expected)) {
        report.wrong(name, wanted, type.dataType() + "" + type.shape());
      }
    }
  }

  /** Why a tensor that is not of the network does not matter; empty if it may. */
  private Optional<String> leftover(String name) {
    if (isOwn(name)) {
      return Leftover.ofNetwork(name.substring(prefix.length()), this::isUsed);
    }
    if (named) {
      return Optional.of("everything else in the checkpoint");
    }
    boolean copy = copies.others().without(name).filter(this::isOfTheNetwork).isPresent();
    return copy
        ? Optional.of("another copy of the network")
        : Leftover.of(name, tensors.unread().containsKey(name) ? null : tensors.type(name).shape());
  }

  private boolean isOfTheNetwork(String name) {
    return isUsed(name) || has(name) || Leftover.ofNetwork(name, this::isUsed).isPresent();
  }

  private boolean isUsed(String name) {
    return used.contains(prefix + name);
  }

  /** Whether a name is the network's: where nothing stands before them, as one of its layers. */
  private boolean isOwn(String name) {
    return prefix.isEmpty()
        ? layers.contains(NamePattern.parts(name).get(0))
        : name.startsWith(prefix);
  }

  /** Of the types of the tensors that were converted the one of the fewest digits. */
  DataType leastExact() {
    return used.stream()
        .map(name -> tensors.type(name).dataType())
        .max(Comparator.comparing(EXACT::indexOf))
        .orElse(DataType.FLOAT);
  }

  /** Objects beside the tensors that are not followed, by name: what they are. */
  Map<String, String> skipped() {
    return tensors.skipped();
  }

  /** Tensors that the network's output does not depend on: how many there are of each kind. */
  Map<String, Integer> leftovers() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String name : names(tensors)) {
      if (!used.contains(name)) {
        leftover(name).ifPresent(what -> counts.merge(what, 1, Integer::sum));
      }
    }
    return counts;
  }
}
