package io.ddpm4j.exporter.convert.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The format of {@code torch.save} before PyTorch 1.6: pickles of a magic number, the protocol's
 * version, the writer's system, the object, and the keys of the storages; then each storage as its
 * number of elements and their bytes.
 */
final class LegacyFormat {
  static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long PROTOCOL = 1001;
  private static final long LONGEST_PICKLES = 16L << 20;

  private LegacyFormat() {}

  static TorchContent read(MappedFile file) throws IOException {
    ByteBuffer in = file.part("the file", 0, Math.min(file.size(), LONGEST_PICKLES));
    Object magic = pickle(file, in).load();
    Object protocol = MAGIC.equals(magic) ? pickle(file, in).load() : null;
    if (!Long.valueOf(PROTOCOL).equals(protocol)) {
      throw file.bad(
          "a checkpoint of torch.save", protocol == null ? "another pickle" : "another protocol");
    }
    if (!(pickle(file, in).load() instanceof Map<?, ?> system)
        || !Boolean.TRUE.equals(system.get("little_endian"))) {
      throw file.bad("numbers in little-endian order", "another order");
    }
    Unpickler unpickler = pickle(file, in);
    Object root = unpickler.load();
    if (!(pickle(file, in).load() instanceof List<?> keys)) {
      throw file.bad("the keys of the storages", "something else");
    }
    Map<String, Long> starts = starts(file, in.position(), keys, unpickler.storages());
    Storages storages =
        (storage, from, bytes) ->
            file.part("storage " + storage.key(), starts.get(storage.key()) + from, bytes);
    return new TorchContent(root, storages);
  }

  private static Unpickler pickle(MappedFile file, ByteBuffer in) {
    return new Unpickler(file.toString(), in);
  }

  /** Where the bytes of each storage begin, by key. */
  private static Map<String, Long> starts(
      MappedFile file, long first, List<?> keys, Map<String, Storage> storages) throws IOException {
    Map<String, Long> starts = new HashMap<>();
    long at = first;
    for (Object key : keys) {
      Storage storage = key instanceof String text ? storages.get(text) : null;
      if (storage == null) {
        throw file.bad("storages that tensors are views of", "another");
      }
      long elements = file.part("the size of storage " + key, at, 8).getLong();
      if (elements != storage.elements()) {
        throw file.bad(storage.elements() + " elements in storage " + key, Long.toString(elements));
      }
      at += 8;
      if (storage.bytes() > file.size() - at) {
        throw file.bad(
            storage.bytes() + " bytes of storage " + key, (file.size() - at) + " that are left");
      }
      if (starts.put(storage.key(), at) != null) {
        throw file.bad("each storage once", key + " twice");
      }
      at += storage.bytes();
    }
    for (Storage storage : storages.values()) {
      if (!starts.containsKey(storage.key())) {
        throw file.bad("the numbers of storage " + storage.key(), "none");
      }
    }
    if (at != file.size()) {
      throw file.bad("nothing behind the last storage", (file.size() - at) + " bytes");
    }
    return starts;
  }
}
