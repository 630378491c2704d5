package io.ddpm4j.cli;

import io.ddpm4j.exporter.proto.MetadataKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code export} has written and is no network but something around one. It is copied as it
 * is; another form of it is exported anew, of what it was made of.
 *
 * @param what the file holds
 * @param origin what it was made of
 * @param options with which it was made, if these go together with forms
 */
record WholeProgram(String what, String origin, List<String> options) {
  private static final Map<String, WholeProgram> KINDS =
      Map.of(
          MetadataKeys.LOOP,
          new WholeProgram("a whole sampling loop", "its network", List.of(LoopExport.SAMPLER)),
          MetadataKeys.TRAIN_STEP,
          new WholeProgram("a training step", "its run", List.of()));

  /** What a file holds, by its metadata; empty where that is a network. */
  static Optional<WholeProgram> of(Map<String, String> metadata) {
    return KINDS.entrySet().stream()
        .filter(kind -> metadata.containsKey(kind.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /**
   * Refuses to give a file another form, if it holds no network.
   *
   * @param forms the options that ask for it
   */
  static void refuseForms(ExportSource source, List<String> forms) {
    of(metadata(source))
        .ifPresent(
            program -> {
              List<String> options = new ArrayList<>(program.options());
              options.addAll(forms);
              throw program.refused(source, options);
            });
  }

  /** Refuses to make something of a file that a network is needed for, if it holds none. */
  static void refuse(ExportSource source, String option) {
    of(metadata(source))
        .ifPresent(
            program -> {
              throw program.refused(source, List.of(option));
            });
  }

  private UsageException refused(ExportSource source, List<String> wanted) {
    return new UsageException(
        "%s: expected a network, found %s; export %s with %s instead"
            .formatted(source, what, origin, String.join(" and ", wanted)));
  }

  private static Map<String, String> metadata(ExportSource source) {
    return source instanceof ExportSource.Model model ? model.onnx().metadata() : Map.of();
  }
}
