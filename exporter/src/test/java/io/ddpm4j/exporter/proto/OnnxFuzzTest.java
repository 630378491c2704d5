package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.testing.FuzzBudget;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Damaged model files, ours and others', are read or refused within bounds. */
class OnnxFuzzTest {
  private static final long SEED = 20261129;
  private static final int LARGEST = 1 << 20; // bytes of a file that is damaged

  @Test
  void damageIsRefusedOrHarmless() throws IOException {
    fuzz(150);
  }

  private static List<byte[]> files() throws IOException {
    UNetConfig config = UNetConfig.of(4, 1, List.of(2, 2), List.of(false, true), 1, 1, 0, 2);
    OnnxModel own = OnnxModel.of(UNet.portable(config, UNet.parameters(config).initialize(1)));
    List<byte[]> files = new ArrayList<>();
    files.add(OnnxWriter.toBytes(own.withMetadata(Map.of("ddpm4j.format", "1"))));
    if (SharedData.exists("golden/unets/onnx")) {
      try (Stream<Path> others = Files.list(SharedData.path("golden/unets/onnx"))) {
        for (Path other : others.filter(f -> f.toString().endsWith(".onnx")).sorted().toList()) {
          if (Files.size(other) < LARGEST) {
            files.add(Files.readAllBytes(other));
          }
        }
      }
    }
    return files;
  }

  private static void fuzz(int mutants) throws IOException {
    List<byte[]> files = files();
    Random random = new Random(SEED);
    int refused = 0;
    for (int k = 0; k < mutants; k++) {
      byte[] bytes = damaged(files.get(random.nextInt(files.size())), random);
      String what = "mutant " + k + " of seed " + SEED;
      if (FuzzBudget.refuses(what, bytes.length, List.of("damaged.onnx: "), () -> read(bytes))) {
        refused++;
      }
    }
    assertTrue(refused > mutants / 20 && refused < mutants, refused + " of " + mutants);
  }

  private static void read(byte[] bytes) throws IOException {
    OnnxFile file = OnnxReader.read(bytes, "damaged.onnx");
    file.metadata();
    file.summary().text();
    file.initializers();
    file.toModel();
  }

  /** Where lengths and dims stand: near the start, near the end, and at sizes of tensors. */
  private static byte[] damaged(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 64; n--) {
      int span = random.nextInt(4) == 0 ? bytes.length : Math.min(bytes.length, 4096);
      int at =
          random.nextBoolean() ? random.nextInt(span) : bytes.length - 1 - random.nextInt(span);
      at = Math.min(at, bytes.length - 16);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> Arrays.fill(bytes, at, at + 1 + random.nextInt(10), (byte) 0xff); // long varints
        case 3 ->
            ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(at, random.nextLong() >>> random.nextInt(64));
        case 4 -> System.arraycopy(bytes, random.nextInt(bytes.length - 16), bytes, at, 16);
        default -> bytes = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
      }
    }
    return bytes;
  }
}
