package io.ddpm4j.exporter.convert.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch wrote: src/test/resources/torch. */
class TorchFileTest {
  @TempDir Path dir;

  static Path resource(String name) {
    try {
      return Path.of(TorchFileTest.class.getResource("/torch/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static float[] floats(TorchFile file, String name, long... shape) throws IOException {
    TensorData data = file.data(name);
    assertEquals(Shape.of(shape), data.shape(), name);
    assertEquals(file.type(name), data.type());
    return data.floats();
  }

  /** k/2 - 3, as all the views below look at. */
  private static float base(int k) {
    return 0.5f * k - 3;
  }

  @ParameterizedTest
  @ValueSource(strings = {"new.pt", "new5.pt", "nocrc.pt", "old.pt", "old4.pt"})
  void everyLayoutIsReadRowMajor(String name) throws IOException {
    try (TorchFile file = TorchFile.open(resource(name))) {
      float[] contiguous = floats(file, "model.contiguous", 2, 3, 4);
      float[] transposed = floats(file, "model.transposed", 6, 4);
      float[] sliced = floats(file, "model.sliced", 2, 3);
      float[] strided = floats(file, "model.strided", 6);
      for (int k = 0; k < 24; k++) {
        assertEquals(base(k), contiguous[k]);
        assertEquals(base(k % 4 * 6 + k / 4), transposed[k]);
      }
      for (int k = 0; k < 6; k++) {
        assertEquals(base((1 + k / 3) * 6 + 2 + k % 3), sliced[k]);
        assertEquals(base(3 + 4 * k), strided[k]);
      }
      assertArrayEquals(new float[] {7, 7, 7, 7, 7, 7}, floats(file, "model.expanded", 3, 2));
      assertEquals(base(9), floats(file, "model.shared_a", 10)[9]);
      assertEquals(base(5), floats(file, "model.shared_b", 7)[0]);
      assertArrayEquals(new float[] {2.5f}, floats(file, "model.scalar"));
      assertEquals(0, floats(file, "model.empty", 0, 3).length);
      assertArrayEquals(new float[] {1.5f, -2}, floats(file, "model.parameter", 2));
      assertArrayEquals(new float[] {1, 1}, floats(file, "state.0.exp_avg", 2));
      assertArrayEquals(new float[] {0}, floats(file, "nested.list.0", 1));
      assertArrayEquals(new float[] {3, 3}, floats(file, "nested.list.1.x", 2));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "half, FLOAT16, 00c000bc0000003c0040",
    "bfloat16, BFLOAT16, 00c080bf0000803f0040",
    "double, DOUBLE, 00000000000000c0000000000000f0bf0000000000000000000000000000f03f0000000000000040",
    "int64, INT64, feffffffffffffffffffffffffffffff000000000000000001000000000000000200000000000000",
    "int32, INT32, feffffffffffffff000000000100000002000000",
    "int16, INT16, feffffff000001000200",
    "int8, INT8, feff000102",
    "uint8, UINT8, 0001ff",
    "bool, BOOL, 010001"
  })
  void everyTypeIsRead(String tensor, DataType type, String hex) throws IOException {
    for (String name : List.of("new.pt", "old.pt")) {
      try (TorchFile file = TorchFile.open(resource(name))) {
        TensorData data = file.data("model." + tensor);
        assertEquals(type, data.dataType());
        byte[] bytes = new byte[data.byteSize()];
        data.bytes().get(bytes);
        assertEquals(hex, HexFormat.of().formatHex(bytes));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"new.pt", "new5.pt", "nocrc.pt", "old.pt", "old4.pt"})
  void valuesBesideTheTensorsAreKept(String name) throws IOException {
    try (TorchFile file = TorchFile.open(resource(name))) {
      assertEquals(1000L, file.values().get("step"));
      assertEquals(BigInteger.TWO.pow(70), file.values().get("big"));
      assertEquals(1e-4, file.values().get("lr"));
      assertEquals("net", file.values().get("name"));
      assertEquals(true, file.values().get("flags.0"));
      assertFalse(file.values().containsKey("flags.1"));
      assertEquals(2L, file.values().get("flags.2.1"));
      assertEquals(16L, file.values().get("args.dim"));
      assertEquals(10000.0, file.values().get("args.theta"));
    }
  }

  @Test
  void numbersOfNumpyAreNoHindrance() throws IOException {
    try (TorchFile file = TorchFile.open(resource("numpy.pt"))) {
      assertArrayEquals(new float[] {1}, floats(file, "a", 1));
      assertEquals(1, file.names().size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lightning.pt", "lightning5.pt", "lightning_old.pt"})
  void objectsBesideTheTensorsAreSkippedAndNamed(String name) throws IOException {
    try (TorchFile file = TorchFile.open(resource(name))) {
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, floats(file, "state_dict.w", 2, 3));
      assertEquals(DataType.INT64, file.type("state_dict.b").dataType());
      String callback = "callbacks.pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint.";
      assertEquals(
          List.of(callback + "best_model_score", "state_dict.w", "state_dict.b"),
          List.copyOf(file.names()));
      Map<String, String> skipped = new TreeMap<>(file.skipped());
      skipped.keySet().removeIf(key -> key.startsWith("lr_schedulers"));
      assertEquals(
          new TreeMap<>(
              Map.of(
                  callback + "dirpath",
                  "an object of pathlib.PosixPath",
                  callback + "when",
                  "an object of datetime.datetime",
                  "hyper_parameters",
                  "an object of pytorch_lightning.utilities.parsing.AttributeDict",
                  "config",
                  "an object of omegaconf.dictconfig.DictConfig",
                  "list",
                  "an object of omegaconf.listconfig.ListConfig",
                  "rng",
                  "an array of NumPy",
                  "id",
                  "an object of uuid.UUID",
                  "dec",
                  "an object of decimal.Decimal",
                  "cx",
                  "a complex number")),
          skipped);
      String method = file.skipped().get("lr_schedulers.0.anneal_func");
      assertEquals("the name mylr.OneCycle._linear", method);
      assertEquals(1200L, file.values().get("global_step"));
      assertEquals(0.5, file.values().get(callback + "score"));
      assertEquals(7L, file.values().get(callback + "big"), "big-endian");
      assertEquals("1.4.2", file.values().get("pytorch-lightning_version"));
      assertEquals("cuda:1", file.values().get("dev"));
      assertEquals(16L, file.values().get("args.dim"));
      assertEquals(2L, file.values().get("counter.a"));
    }
  }

  @Test
  void whatWouldBeExecutedIsRefusedByName() {
    TorchFormatException e =
        assertThrows(TorchFormatException.class, () -> TorchFile.open(resource("evil.pt")));
    assertTrue(e.getMessage().contains("posix.system"), e.getMessage());
    e = assertThrows(TorchFormatException.class, () -> TorchFile.open(resource("module.pt")));
    assertTrue(e.getMessage().contains("torch.nn.modules.linear.Linear"), e.getMessage());
  }

  @Test
  void tensorsStayReadableAfterClose() throws IOException {
    TensorData data;
    try (TorchFile file = TorchFile.open(resource("old.pt"))) {
      data = file.data("model.contiguous");
    }
    assertEquals(base(0), data.floats()[0]);
  }

  @Test
  void aChangedNumberIsDetectedWhereTheFileHasChecksums() throws IOException {
    byte[] bytes = Files.readAllBytes(resource("new.pt"));
    byte[] pattern =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, base(11)).array();
    int at = 0;
    while (!Arrays.equals(bytes, at, at + 4, pattern, 0, 4)) {
      at++;
    }
    bytes[at + 3] ^= 1;
    Path damaged = Files.write(dir.resolve("damaged.pt"), bytes);
    try (TorchFile file = TorchFile.open(damaged)) {
      TorchFormatException e =
          assertThrows(
              TorchFormatException.class,
              () -> {
                for (String name : file.names()) {
                  file.data(name);
                }
              });
      assertTrue(e.getMessage().contains("damaged.pt"), e.getMessage());
      assertTrue(e.getMessage().contains("checksum"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"new.pt", "old.pt"})
  void aFileCutShortIsRefusedAtEveryLength(String name) throws IOException {
    byte[] whole = Files.readAllBytes(resource(name));
    for (int length = 0; length < whole.length; length += length < 100 ? 1 : 37) {
      Path cut = Files.write(dir.resolve("cut.pt"), Arrays.copyOf(whole, length));
      TorchFormatException e =
          assertThrows(TorchFormatException.class, () -> TorchFile.open(cut), "length " + length);
      assertTrue(e.getMessage().startsWith(cut + ": expected "), e.getMessage());
    }
  }
}
