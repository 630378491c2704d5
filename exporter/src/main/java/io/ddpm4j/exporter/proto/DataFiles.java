package io.ddpm4j.exporter.proto;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The files of data that belong to a model: those beside it which have a name as {@link
 * StagedModel} gives it, and which the model uses. What another program has named is not among
 * them.
 */
final class DataFiles {
  private final Set<Path> files;

  private DataFiles(Set<Path> files) {
    this.files = files;
  }

  /** Those of a model; none where it is not there or is no model. */
  static DataFiles of(Path model) {
    Set<Path> used = new HashSet<>();
    try {
      Set<Path> candidates = candidates(model);
      if (!candidates.isEmpty()) { // else the model need not be read
        OnnxFile file = OnnxReader.read(model);
        TensorWalk collect =
            tensor -> {
              if (file.tensors().isExternal(tensor)) {
                used.add(ExternalReference.of(file.source(), file.folder(), tensor).file());
              }
              return tensor;
            };
        collect.over(file.proto());
        used.retainAll(candidates);
      }
    } catch (IOException e) {
      used.clear(); // what cannot be read is no model of ours
    }
    return new DataFiles(used);
  }

  private static Set<Path> candidates(Path model) throws IOException {
    Pattern ours = Pattern.compile(Pattern.quote(model.getFileName() + ".") + "[0-9a-f]{8}\\.data");
    Set<Path> candidates = new HashSet<>();
    try (DirectoryStream<Path> siblings = Files.newDirectoryStream(absolute(model).getParent())) {
      for (Path sibling : siblings) {
        if (ours.matcher(sibling.getFileName().toString()).matches()) {
          candidates.add(sibling);
        }
      }
    }
    return candidates;
  }

  Set<Path> paths() {
    return files;
  }

  /** Deletes them, but for those that another model uses from now on. */
  void deleteBut(Set<Path> used) {
    for (Path file : files) {
      if (used.stream().noneMatch(other -> absolute(other).equals(absolute(file)))) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          // The model is whole; a file too many does no harm.
        }
      }
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
