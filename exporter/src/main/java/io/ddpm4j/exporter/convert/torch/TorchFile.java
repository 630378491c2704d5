package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * A file that {@code torch.save} wrote, in the format since or before PyTorch 1.6. Tensors in
 * nested dictionaries and lists have the keys that lead to them as their names, with dots between:
 * {@code model.conv.weight}. Nothing is executed; a file that calls more than what builds tensors
 * and containers is refused, objects of other classes are skipped. Numbers are mapped into memory,
 * and read only when a tensor is asked for.
 */
public final class TorchFile implements AutoCloseable {
  private static final long EXPANDED = 64L << 20; // bytes of a tensor that repeats its numbers
  private static final String MAGIC_AS_TEXT = "L" + LegacyFormat.MAGIC + "L\n";

  private final MappedFile file;
  private final Storages storages;
  private final Leaves leaves;

  private TorchFile(MappedFile file, TorchContent content) throws IOException {
    this.file = file;
    this.storages = content.storages();
    this.leaves = Leaves.of(file, content);
  }

  /**
   * Whether a file begins as one of these does: as a zip archive, with a pickle's protocol from 2
   * on, or, of protocols before, with the number that marks the old format.
   *
   * @param start its first 25 bytes or more
   */
  public static boolean isOne(byte[] start) {
    return isZip(start)
        || start.length > 1 && (start[0] & 0xFF) == 0x80 && (start[1] & 0xFF) <= 5
        || new String(start, StandardCharsets.ISO_8859_1).startsWith(MAGIC_AS_TEXT);
  }

  private static boolean isZip(byte[] start) {
    return start.length > 3 && start[0] == 'P' && start[1] == 'K' && (start[2] & 0xFF) < 9;
  }

  /**
   * Opens a file and reads everything but the numbers.
   *
   * @throws TorchFormatException if it is damaged, hostile, or holds more than data
   * @throws IOException if it cannot be read
   */
  public static TorchFile open(Path path) throws IOException {
    MappedFile file = new MappedFile(path);
    try {
      byte[] start = new byte[(int) Math.min(4, file.size())];
      file.part("the file", 0, start.length).get(start);
      return new TorchFile(file, isZip(start) ? ZipFormat.read(file) : LegacyFormat.read(file));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The tensors' names, in the file's order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(leaves.tensors().keySet());
  }

  /** Element type and shape of one of {@link #names}. */
  public TensorType type(String name) {
    TensorView view = leaves.tensors().get(name);
    return new TensorType(view.type(), view.shape());
  }

  /**
   * The numbers, texts and truth values beside the tensors, by name: {@code step}, {@code version}.
   */
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(leaves.values());
  }

  /**
   * The objects and names beside the tensors that are not followed, by name: a trainer's callback,
   * a configuration. What such an object holds is not read.
   */
  public Map<String, String> skipped() {
    return Collections.unmodifiableMap(leaves.skipped());
  }

  /** The tensors of element types that are not read, such as 8-bit floats: what they are. */
  public Map<String, String> unread() {
    return Collections.unmodifiableMap(leaves.unread());
  }

  /**
   * The elements of a tensor, row-major: mapped where they lie so in the file, else copied: many of
   * them into a temporary file. They stay readable after {@link #close}.
   *
   * @throws TorchFormatException if the file is damaged there
   */
  public TensorData data(String name) throws IOException {
    TensorView view = leaves.tensors().get(name);
    int width = view.type().bytes();
    long bytes = view.elements() * width;
    if (bytes == 0) {
      return TensorData.wrap(view.type(), view.shape(), ByteBuffer.allocate(0));
    }
    long most = Math.min(Math.max(EXPANDED, file.size()), Integer.MAX_VALUE - 8);
    if (bytes > most) {
      throw file.bad("a tensor %s of at most %d bytes".formatted(name, most), bytes + "");
    }
    long length = Math.multiplyExact(view.end() - view.offset(), (long) width);
    ByteBuffer part = storages.bytes(view.storage(), view.offset() * width, length);
    return TensorData.wrap(
        view.type(), view.shape(), view.isContiguous() ? part : view.gather(part));
  }

  /** Idempotent. What was mapped stays so until it is garbage. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
