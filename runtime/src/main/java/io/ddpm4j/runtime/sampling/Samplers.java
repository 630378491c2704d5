package io.ddpm4j.runtime.sampling;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The sampling methods by name. */
public final class Samplers {
  private static final Map<String, SamplerFactory> TABLE =
      new TreeMap<>(Map.of(DdpmSampler.NAME, DdpmSampler::of));

  private Samplers() {}

  /** Ancestral sampling: see {@link DdpmSampler}. */
  public static SamplerFactory ddpm() {
    return DdpmSampler::of;
  }

  /** The names that {@link #named} knows, sorted. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(TABLE.keySet());
  }

  /**
   * The method of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static SamplerFactory named(String name) {
    SamplerFactory factory = TABLE.get(name);
    if (factory == null) {
      throw new IllegalArgumentException(
          "sampler: expected one of "
              + String.join(", ", TABLE.keySet())
              + ", found \""
              + name
              + "\"");
    }
    return factory;
  }
}
