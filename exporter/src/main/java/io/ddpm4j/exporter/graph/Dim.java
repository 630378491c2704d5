package io.ddpm4j.exporter.graph;

/** One extent of a shape: a known size, or a named unknown such as the batch size. */
public sealed interface Dim {

  /** A known size, at least 0. */
  record Fixed(long size) implements Dim {
    /** Refuses a negative size. */
    public Fixed {
      if (size < 0) {
        throw new IllegalArgumentException("a dimension must be at least 0, found " + size);
      }
    }

    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /** A size that is known only when the graph runs; equal names mean equal sizes. */
  record Named(String name) implements Dim {
    /** Refuses an empty name. */
    public Named {
      if (name.isBlank()) {
        throw new IllegalArgumentException("a named dimension needs a name, found a blank");
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** A known size. */
  static Dim of(long size) {
    return new Fixed(size);
  }

  /** An unknown size of this name. */
  static Dim named(String name) {
    return new Named(name);
  }

  /**
   * An unknown size that has no name in files either; here it has one that no other has.
   *
   * @param number of a count that belongs to the graph
   */
  static Dim unnamed(long number) {
    return new Named("unknown_" + number);
  }

  /** True for a size of {@link #unnamed}. */
  default boolean isUnnamed() {
    return this instanceof Named named && named.name().matches("unknown_\\d+");
  }

  /** True where the size is known and equals {@code size}. */
  default boolean is(long size) {
    return this instanceof Fixed fixed && fixed.size() == size;
  }

  /** The known size, or -1 for a named dimension. */
  default long sizeOrUnknown() {
    return this instanceof Fixed fixed ? fixed.size() : -1;
  }
}
