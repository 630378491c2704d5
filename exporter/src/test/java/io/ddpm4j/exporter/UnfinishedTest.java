package io.ddpm4j.exporter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnfinishedTest {
  @TempDir Path dir;

  private final List<Boolean> ends = new ArrayList<>();

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(dir)) {
      return files
          .filter(file -> !file.equals(dir))
          .map(file -> dir.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void whatIsWrittenIsDeletedAndWhatIsInPlaceStays() throws IOException {
    AtomicFile.write(dir.resolve("done"), out -> out.write(1));
    AtomicFile.stage(dir.resolve("staged"), out -> out.write(2)); // never closed, as by a signal
    assertEquals(2, files().size());
    Unfinished.deleteAll(ends::add);
    assertEquals(List.of("done"), files());
    Unfinished.deleteAll(ends::add);
    assertEquals(List.of("done"), files());
    assertEquals(List.of(true, false), ends);
  }

  @Test
  void foldersGoWithAllThatIsInThem() throws IOException {
    Path target = dir.resolve("folder");
    assertThrows(
        IOException.class,
        () ->
            AtomicFolder.write(
                target,
                folder -> {
                  Files.createDirectory(folder.resolve("inner"));
                  AtomicFile.write(folder.resolve("inner/a"), out -> out.write(1));
                  AtomicFile.stage(folder.resolve("b"), out -> out.write(2));
                  Unfinished.deleteAll(ends::add);
                }));
    assertEquals(List.of(), files());
    assertEquals(List.of(true), ends);
  }

  @Test
  void whatFailsOrIsClosedIsForgotten() throws IOException {
    AtomicFile.stage(dir.resolve("closed"), out -> out.write(1)).close();
    AtomicFolder.write(dir.resolve("folder"), folder -> Files.createFile(folder.resolve("a")));
    assertThrows(
        IOException.class,
        () ->
            AtomicFile.write(
                dir.resolve("failed"),
                out -> {
                  throw new IOException("disk full");
                }));
    Unfinished.deleteAll(ends::add);
    assertEquals(List.of("folder", "folder/a"), files());
    assertEquals(List.of(false), ends);
  }
}
