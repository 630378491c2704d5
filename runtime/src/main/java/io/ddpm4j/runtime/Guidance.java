package io.ddpm4j.runtime;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How much classes guide (Ho and Salimans 2022, eq. 6, in the form with 1 for no guidance): ε = ε_∅
 * + scale·(ε_c - ε_∅). Instead of no class, ∅, it may lead away from another class.
 *
 * @param scale 1 for none, 0 for the class that is led away from; any finite number
 * @param awayFromLabel the label of ∅ in place of the model's own
 * @param awayFromName likewise by name; at most one of the two
 */
public record Guidance(double scale, OptionalInt awayFromLabel, Optional<String> awayFromName) {
  private static final Guidance NONE = new Guidance(1, OptionalInt.empty(), Optional.empty());

  /** Refuses what is no number. */
  public Guidance {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("guidance scale: expected a number, found " + scale);
    }
    if (awayFromLabel.isPresent() && awayFromName.isPresent()) {
      throw new IllegalArgumentException("guidance: expected a label or a name, found both");
    }
  }

  /** Scale 1. */
  public static Guidance none() {
    return NONE;
  }

  /** Away from no class, by the label that the model has for that. */
  public static Guidance ofScale(double scale) {
    return NONE.withScale(scale);
  }

  /** The same with another scale. */
  public Guidance withScale(double other) {
    return new Guidance(other, awayFromLabel, awayFromName);
  }

  /** The same away from this label: of a foreign model, that which stands for no class. */
  public Guidance awayFrom(int label) {
    return new Guidance(scale, OptionalInt.of(label), Optional.empty());
  }

  /** The same away from this class. */
  public Guidance awayFrom(String className) {
    return new Guidance(scale, OptionalInt.empty(), Optional.of(className));
  }

  /** Whether the network has to be asked twice. */
  boolean isOn() {
    return scale != 1;
  }
}
