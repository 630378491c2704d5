package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.OneLine;
import java.io.IOException;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;

/**
 * A checkpoint that cannot be converted: of another network, or incomplete. The message is one
 * sentence: which file or tensor, what was expected, what was found.
 */
public final class ConversionException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private static final int MOST_DETAILS = 1000;

  private final transient List<String> details;

  /** With that sentence. */
  public ConversionException(String message) {
    this(message, List.of());
  }

  /**
   * With that sentence, and what it does not name of what it speaks of.
   *
   * @param details a line each; the first {@value #MOST_DETAILS} are kept
   */
  ConversionException(String message, List<String> details) {
    super(OneLine.of(message)); // names in it come from files
    int kept = Math.min(MOST_DETAILS, details.size());
    List<String> lines = new ArrayList<>();
    details.subList(0, kept).forEach(detail -> lines.add(OneLine.of(detail)));
    if (kept < details.size()) {
      lines.add("... and " + (details.size() - kept) + " more");
    }
    this.details = List.copyOf(lines);
  }

  /** All that the message counts, a line each, where it does not name all of them; else empty. */
  public List<String> details() {
    return details == null ? List.of() : details;
  }
}
