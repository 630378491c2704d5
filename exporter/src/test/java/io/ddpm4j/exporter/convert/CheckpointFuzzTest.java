package io.ddpm4j.exporter.convert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.testing.FuzzBudget;
import io.ddpm4j.testing.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged checkpoints of every format: each is read, or refused in one sentence, within a second
 * and an amount of memory that its size bounds.
 */
class CheckpointFuzzTest {
  private static final long SEED = 20261127;
  private static final int THREADS = 2;
  private static final long ENOUGH = 64L << 20; // bytes of tensors that are read of one file

  @TempDir Path dir;

  private final List<Source> small = new ArrayList<>();
  private final List<Source> large = new ArrayList<>(); // the stored checkpoints

  /** A whole file, and how it may be damaged. */
  private record Source(String name, Damage damage) {}

  @FunctionalInterface
  private interface Damage {
    byte[] damaged(Random random) throws IOException;
  }

  @BeforeEach
  void gather() throws IOException, URISyntaxException {
    Path resources = Path.of(getClass().getResource("/torch/new.pt").toURI()).getParent();
    try (Stream<Path> files = Files.list(resources)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".pt")).sorted().toList()) {
        add(small, file);
      }
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("conv.weight", TensorData.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
    for (DataType type : List.of(DataType.INT64, DataType.DOUBLE, DataType.BOOL)) {
      tensors.put("a." + type, TensorData.scalar(type, 1));
    }
    tensors.put("empty", TensorData.ofFloats(new float[0], 3, 0));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new Safetensors(tensors, Map.of("format", "pt")).write(bytes);
    add(small, Files.write(dir.resolve("shard.safetensors"), bytes.toByteArray()));
    StringBuilder index =
        new StringBuilder("{\"metadata\": {\"total_size\": 41}, \"weight_map\": {");
    tensors.keySet().forEach(name -> index.append("\"" + name + "\": \"shard.safetensors\", "));
    String json = index.replace(index.length() - 2, index.length(), "}}").toString();
    small.add(new Source("index", random -> Mutations.ofJson(json, random).getBytes(UTF_8)));
    if (SharedData.exists("golden/unets")) {
      try (Stream<Path> files = Files.walk(SharedData.path("golden/unets"))) {
        for (Path file :
            files
                .filter(f -> f.toString().matches(".*\\.(pt|bin|safetensors)"))
                .sorted()
                .toList()) {
          add(large, file);
        }
      }
    }
  }

  /** Every file with any damage, and with such as its format is read to the end with. */
  private static void add(List<Source> sources, Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    String name = file.getFileName().toString();
    sources.add(new Source(name, random -> Mutations.ofBytes(whole, random)));
    if (name.endsWith(".safetensors")) {
      sources.add(new Source(name, random -> Mutations.ofSafetensors(whole, random)));
    } else if (whole[0] == 'P') {
      Map<String, byte[]> entries = entries(file);
      sources.add(new Source(name, random -> Mutations.ofZip(entries, random)));
    } else {
      sources.add(new Source(name, random -> Mutations.ofPickle(whole, random)));
    }
  }

  private static Map<String, byte[]> entries(Path file) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (ZipEntry entry : zip.stream().map(ZipEntry.class::cast).toList()) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return entries;
  }

  @Test
  void damageIsRefusedOrHarmless() {
    fuzz(3_000);
  }

  @Test
  @Tag("slow")
  void muchDamageIsRefusedOrHarmless() {
    fuzz(50_000);
  }

  /** On two threads, each with its own seed, since this is one of the longest tests. */
  private void fuzz(int mutants) {
    int refused =
        IntStream.range(0, THREADS)
            .parallel()
            .map(thread -> refusals(SEED + thread, mutants / THREADS))
            .sum();
    assertTrue(refused > mutants / 3 && refused < mutants, refused + " of " + mutants);
  }

  private int refusals(long seed, int mutants) {
    Random random = new Random(seed);
    Path file = dir.resolve("mutant-" + seed);
    int refused = 0;
    for (int k = 0; k < mutants; k++) {
      List<Source> from = k % 100 == 0 && !large.isEmpty() ? large : small;
      Source source = from.get(random.nextInt(from.size()));
      byte[] bytes;
      try {
        bytes = source.damage().damaged(random);
        Files.write(file, bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      String what = "mutant " + k + " of seed " + seed + ", " + source.name();
      if (FuzzBudget.refuses(
          what, bytes.length, List.of(dir + "/", "expected "), () -> read(file))) {
        refused++;
      }
    }
    return refused;
  }

  private static void read(Path file) throws IOException {
    try (CheckpointFile checkpoint = CheckpointFile.open(file)) {
      long read = 0;
      for (String name : checkpoint.names()) {
        TensorData data = checkpoint.data(name);
        assertEquals(checkpoint.type(name), data.type());
        read += data.byteSize();
        if (read > ENOUGH) {
          break;
        }
      }
    }
  }
}
