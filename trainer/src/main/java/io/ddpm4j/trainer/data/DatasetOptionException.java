package io.ddpm4j.trainer.data;

/** An option that does not apply to a data set, or a value that it cannot have. */
public final class DatasetOptionException extends DatasetException {
  private static final long serialVersionUID = 1L;

  /** With a sentence that names the option as the command line spells it. */
  public DatasetOptionException(String message) {
    super(message);
  }
}
