package io.ddpm4j.exporter.convert.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files made to do harm: one sentence, at once. */
class HostileTorchFilesTest {
  private static final String FLOAT_STORAGE = "ctorch\nFloatStorage\n";

  private static final String VIEW = view("I0\n", "(I4\nt", "(I1\nt");

  @TempDir Path dir;

  /** A pickle's bytes: each char is a byte. */
  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A zip archive with this pickle and one storage of four floats. */
  private Path zip(String pickle) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      put(zip, "archive/data.pkl", latin(pickle));
      put(zip, "archive/data/0", new byte[16]);
    }
    return Files.write(dir.resolve("hostile.pt"), bytes.toByteArray());
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static String refusal(Path file) {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> {
          TorchFormatException e = assertThrows(TorchFormatException.class, () -> readAll(file));
          assertTrue(e.getMessage().startsWith(file + ": expected "), e.getMessage());
          assertEquals(1, e.getMessage().lines().count());
          return e.getMessage();
        });
  }

  private static void readAll(Path file) throws IOException {
    try (TorchFile torch = TorchFile.open(file)) {
      for (String name : torch.names()) {
        torch.data(name);
      }
    }
  }

  private void refused(String pickle, String word) throws IOException {
    String message = refusal(zip(pickle));
    assertTrue(message.contains(word), message);
  }

  /** {'t': a tensor of this offset, size and stride}. */
  private static String tensor(String offset, String size, String stride) {
    return "}S't'\n" + view(offset, size, stride) + "s.";
  }

  private static String view(String offset, String size, String stride) {
    return "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\n"
        + FLOAT_STORAGE
        + "S'0'\nS'cpu'\nI4\ntQ"
        + offset
        + size
        + stride
        + "I00\n}tR";
  }

  @Test
  void theWholeTensorIsFine() throws IOException {
    readAll(zip(tensor("I0\n", "(I2\nI2\nt", "(I2\nI1\nt")));
  }

  @Test
  void viewsBeyondTheirStorage() throws IOException {
    refused(tensor("I1\n", "(I2\nI2\nt", "(I2\nI1\nt"), "within its storage");
    refused(tensor("I0\n", "(I5\nt", "(I1\nt"), "within its storage");
    refused(tensor("I-1\n", "(I2\nt", "(I1\nt"), "offset");
    refused(tensor("I3\n", "(I2\nt", "(I-1\nt"), "stride");
    refused(tensor("I0\n", "(I-2\nt", "(I1\nt"), "size");
    refused(tensor("I0\n", "(I2\nI2\nt", "(I1\nt"), "a stride for each");
    String huge = "L9223372036854775807L\n";
    refused(tensor("I0\n", "(" + huge + huge + "t", "(I0\nI0\nt"), "fits into memory");
    refused(tensor("I0\n", "(I2\nt", "(" + huge + "t"), "fits into memory");
    refused(tensor(huge, "(I1\nt", "(I1\nt"), "fits into memory");
    refused(tensor("I0\n", "(L1000000000L\nt", "(I0\nt"), "of at most");
    refused(tensor("I0\n", "(I1\nS'x'\nt", "(I1\nI1\nt"), "size");
  }

  @Test
  void deepNesting() throws IOException {
    refused("(l" + "\u0085".repeat(1_000_000) + ".", "64 levels");
    refused("(".repeat(1_000_000) + "l" + "l".repeat(999_999) + ".", "64 levels");
  }

  @Test
  void valuesThatHoldThemselves() throws IOException {
    refused("]q\0h\0a.", "64 levels");
    refused("}q\0S'me'\nh\0s.", "64 levels");
  }

  /** A list of two of a list of two of ...: 2^60 values in 400 bytes. */
  @Test
  void sharedValuesThatExplode() throws IOException {
    StringBuilder pickle = new StringBuilder("K\1");
    for (int k = 0; k < 60; k++) {
      pickle.append("2\u0086");
    }
    refused(pickle.append('.').toString(), "at most 2000000 values");
  }

  @Test
  void lengthsThatAreNotThere() throws IOException {
    refused("X\u00ff\u00ff\u00ff\u007f", "bytes that are left");
    refused("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "bytes that are left");
    refused("\u008b\u00ff\u00ff\u00ff\u007f", "bytes that are left");
    refused("Nr\u00ff\u00ff\u00ff\u00ff.", "a number from 0 on");
    refused("h\1.", "remembered");
    refused(".", "on the stack");
    refused("(.", "a mark");
    refused("\u0080\u0009.", "protocol");
    refused("NN", "a whole pickle");
    refused("}]Ns.", "as key");
    refused("N]Ns.", "a dictionary to fill");
  }

  @Test
  void everythingThatIsNoData() throws IOException {
    refused("cos\nsystem\n(S'true'\ntR.", "os.system");
    refused("\u008c\10builtins\u008c\4eval\u0093.", "builtins.eval");
    refused("(ios\nsystem\n.", "os.system");
    refused("(dS'a'\ncos\nsystem\ns.", "os.system"); // named, not called
    refused("csubprocess\nPopen\n)\u0081.", "subprocess.Popen");
    refused("c_posixsubprocess\nfork_exec\n.", "_posixsubprocess.fork_exec");
    refused("c__builtin__\neval\n.", "__builtin__.eval");
    refused("c__builtin__\ngetattr\n.", "__builtin__.getattr");
    refused("ctorch.storage\n_load_from_bytes\n.", "_load_from_bytes");
    refused("ctorch.hub\nload\n.", "torch.hub.load");
    refused("\u0082\1.", "0x82");
    refused("\u0097.", "0x97");
    refused("S'x'\nP1\n.", "0x50");
    refused("S'x'\n(tR.", "a call");
    refused("ctorch\nfloat32\n(tR.", "torch.float32");
  }

  @Test
  void manyValues() throws IOException {
    refused("N".repeat(5_000_000) + ".", "values");
    refused("}".repeat(5_000_000) + ".", "values");
    refused("}NNs0".repeat(3_000_000) + ".", "values");
  }

  /** Programs whose length says nothing of the work and the memory that they ask for. */
  @Test
  void copiesOfWhatIsLarge() throws IOException {
    String list = "](" + "N".repeat(500_000) + "eq\0" + "0";
    refused(list + "cbuiltins\nlist\nh\0\u0085R0".repeat(100_000) + ".", "values");
    refused(list + "ccollections\nOrderedDict\nh\0\u0085R0".repeat(100_000) + ".", "pairs");
    String text = "X\0\0\177\0" + "a".repeat(0x7f0000) + "q\0" + "0";
    refused(text + "(" + "c_codecs\nencode\nh\0\u0085R".repeat(100_000) + "l.", "values");
    refused(text + "(" + "h\0h\0\u0093".repeat(100_000) + "l.", "names of at most");
    refused(text + "}h\0Ns.", "as key");
    refused("}K\1Ns" + "K\1Ns.", "each key once");
    String longestKey = "X\u00e8\3\0\0" + "k".repeat(1000) + "q\1" + "0";
    String inner = "}h\1" + VIEW + "sq\2" + "0";
    String deep = "}h\1".repeat(50) + "](" + "h\2".repeat(1000) + "e" + "s".repeat(50);
    refused(longestKey + inner + deep + ".", "characters of their names");
  }

  /** What would run other code if it were called is only a name until then. */
  @Test
  void membersOfNamesAreNames() throws IOException {
    String system = "cbuiltins\ngetattr\ncnumpy\nos\n\u008c\6system\u0086R";
    refused(system + "(\u008c\4truetR.", "numpy.os.system");
    refused("cbuiltins\ngetattr\n\u008c\1x\u008c\6system\u0086R.", "builtins.getattr");
    refused("ccopyreg\n_reconstructor\n(cos\nsystem\ncbuiltins\nobject\nNtR.", "os.system");
    refused("c__main__\nEvil\n)\u0081}b.", "an object of __main__.Evil, which is not followed");
    refused("c__main__\nEvil\n)\u0081)R.", "an object of __main__.Evil");
  }

  @Test
  void zipBombsAndOtherArchives() throws IOException {
    Path file = dir.resolve("bomb.pt");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      byte[] zeros = new byte[1 << 20];
      for (int k = 0; k < 64; k++) {
        zip.write(zeros);
      }
      zip.closeEntry();
    }
    assertTrue(Files.size(file) < 100_000);
    assertTrue(refusal(file).contains("of at most"));

    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      put(zip, "word/document.xml", new byte[10]);
    }
    assertTrue(refusal(file).contains("a zip archive of other files"));

    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      put(zip, "m/data.pkl", latin("}."));
      put(zip, "m/constants.pkl", latin(")."));
    }
    assertTrue(refusal(file).contains("TorchScript"));

    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      put(zip, "m/data.pkl", latin("}."));
      put(zip, "m/byteorder", latin("big"));
    }
    assertTrue(refusal(file).contains("little-endian"));
  }

  /** Two entries of the directory that name the same bytes. */
  @Test
  void entriesThatShareBytes() throws IOException {
    byte[] bytes = Files.readAllBytes(zip("}."));
    ByteBuffer zip = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int second = -1;
    for (int k = 0, seen = 0; k < bytes.length - 4 && second < 0; k++) {
      if (zip.getInt(k) == 0x02014b50 && ++seen == 2) {
        second = k;
      }
    }
    zip.putInt(second + 42, 0);
    Path file = Files.write(dir.resolve("shared.pt"), bytes);
    assertTrue(refusal(file).contains("side by side"));
  }

  @Test
  void otherPicklesAndOrders() throws IOException {
    Path file = dir.resolve("other.pt");
    Files.write(file, latin("\u0080\2}."));
    assertTrue(refusal(file).contains("another pickle"));
    byte[] old = Files.readAllBytes(TorchFileTest.resource("old.pt"));
    String text = new String(old, StandardCharsets.ISO_8859_1);
    int order = text.indexOf("little_endian");
    int truth = text.indexOf('\u0088', order);
    old[truth] = (byte) 0x89;
    Files.write(file, old);
    assertTrue(refusal(file).contains("little-endian"));
  }
}
