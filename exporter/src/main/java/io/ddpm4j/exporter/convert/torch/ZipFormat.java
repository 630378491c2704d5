package io.ddpm4j.exporter.convert.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The format of {@code torch.save} since PyTorch 1.6: a zip archive with a pickle, {@code
 * data.pkl}, and an entry for each storage, {@code data/0}.
 */
final class ZipFormat {
  private static final String PICKLE = "data.pkl";
  private static final long LONGEST_PICKLE = 16L << 20;

  private ZipFormat() {}

  static TorchContent read(MappedFile file) throws IOException {
    ZipEntries zip = ZipEntries.of(file);
    List<String> pickles =
        zip.entries().keySet().stream()
            .filter(name -> name.equals(PICKLE) || name.matches("[^/]*/" + PICKLE))
            .toList();
    if (pickles.size() != 1) {
      throw file.bad(
          "a checkpoint of PyTorch with one " + PICKLE,
          pickles.isEmpty() ? "a zip archive of other files" : "several");
    }
    String folder = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
    if (zip.entries().containsKey(folder + "constants.pkl")) {
      throw file.bad("a checkpoint of tensors", "a TorchScript program");
    }
    ZipEntries.Entry order = zip.entries().get(folder + "byteorder");
    if (order != null && !text(zip, order).equals("little")) {
      throw file.bad("numbers in little-endian order", "the order '" + text(zip, order) + "'");
    }
    ZipEntries.Entry entry = zip.entries().get(pickles.get(0));
    if (entry.size() > LONGEST_PICKLE) {
      throw file.bad(
          PICKLE + " of at most " + LONGEST_PICKLE + " bytes", Long.toString(entry.size()));
    }
    ByteBuffer pickle = zip.content(entry, 0, entry.size());
    Unpickler unpickler = new Unpickler(file.toString(), pickle);
    Object root = unpickler.load();
    for (Storage storage : unpickler.storages().values()) {
      ZipEntries.Entry data = zip.entries().get(folder + "data/" + storage.key());
      if (data == null || data.size() != storage.bytes()) {
        throw file.bad(
            "%d bytes for storage %s".formatted(storage.bytes(), storage.key()),
            data == null ? "none" : Long.toString(data.size()));
      }
    }
    Storages storages =
        (storage, from, length) ->
            zip.content(zip.entries().get(folder + "data/" + storage.key()), from, length);
    return new TorchContent(root, storages);
  }

  private static String text(ZipEntries zip, ZipEntries.Entry entry) throws IOException {
    ByteBuffer bytes = zip.content(entry, 0, Math.min(entry.size(), 16));
    return StandardCharsets.US_ASCII.decode(bytes).toString().strip();
  }
}
