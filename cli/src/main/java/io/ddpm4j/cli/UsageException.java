package io.ddpm4j.cli;

/** An option's value that is wrong: the user sees the sentence and where help is, exit code 2. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With a sentence that names the option, what was expected and what was found. */
  UsageException(String sentence) {
    super(sentence);
  }
}
