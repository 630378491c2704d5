package io.ddpm4j.trainer.loop;

/** How the records of a configuration refuse a value. */
final class Requirements {
  private Requirements() {}

  /**
   * Refuses what is not as it should be.
   *
   * @param what the option or field
   * @throws IllegalArgumentException unless {@code ok}
   */
  static void require(boolean ok, String what, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }
}
