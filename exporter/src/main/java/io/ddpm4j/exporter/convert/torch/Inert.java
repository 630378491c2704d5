package io.ddpm4j.exporter.convert.torch;

/**
 * An object of a class that is not followed: what remains of a trainer's callback or a
 * configuration in a checkpoint. Nothing is made of it but this note; what it holds is skipped.
 *
 * @param what it is, in words that may stand behind "found"
 * @param isTensor whether it is a tensor, of elements that are not read
 */
record Inert(String what, boolean isTensor) {
  /** Of no tensor. */
  Inert(String what) {
    this(what, false);
  }

  /** A tensor of that element type. */
  static Inert ofTensor(String type) {
    return new Inert("a tensor of " + type, true);
  }

  /** Of a class, named with its module. */
  static Inert of(String className) {
    return new Inert("an object of " + className);
  }

  @Override
  public String toString() {
    return what;
  }
}
