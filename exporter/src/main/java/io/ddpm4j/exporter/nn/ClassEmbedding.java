package io.ddpm4j.exporter.nn;

/** How a class becomes a vector, which is added to that of the timestep. */
public enum ClassEmbedding {
  /** A table of weights with a row for each class; none where there are no classes. */
  TABLE(null),
  /** As the timestep does: the same projection, and layers of its own behind it. */
  TIMESTEP("timestep"),
  /** It is one already, as wide as the time embedding. */
  IDENTITY("identity");

  private final String text;

  ClassEmbedding(String text) {
    this.text = text;
  }

  /** The word of {@code config.json}; null for the table. */
  String text() {
    return text;
  }
}
