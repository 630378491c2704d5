package io.ddpm4j.cli;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Checkpoints of half a gigabyte, made without ever holding one: all tensors share their bytes. */
final class LargeCheckpoint {
  /** 128 million parameters at 32x32 pixels, as diffusers' DDPMs for faces have. */
  private static final UNetConfig NETWORK =
      UNetConfig.of(
          32,
          3,
          List.of(128, 128, 256, 256, 512, 576),
          List.of(false, false, false, false, true, false),
          2,
          32,
          64,
          0);

  private static final int SHARED = 1 << 26; // bytes, more than the largest tensor has

  private final Map<String, TensorData> tensors = new LinkedHashMap<>();

  LargeCheckpoint(long seed) {
    Random random = new Random(seed);
    ByteBuffer numbers = ByteBuffer.allocate(SHARED).order(ByteOrder.LITTLE_ENDIAN);
    while (numbers.hasRemaining()) {
      numbers.putFloat((random.nextFloat() - 0.5f) / 32);
    }
    for (Parameters.Spec spec : UNet.parameters(NETWORK).specs().values()) {
      Shape shape = spec.shape();
      int bytes = Math.toIntExact(shape.elements() * Float.BYTES);
      int from = random.nextInt((SHARED - bytes) / Float.BYTES) * Float.BYTES;
      ByteBuffer part = numbers.slice(from, bytes);
      tensors.put(spec.name(), TensorData.wrap(DataType.FLOAT, shape, part));
    }
  }

  /** {@code config.json}. */
  String config() {
    return NETWORK.toDiffusersJson();
  }

  /** The tensors, which share their bytes. */
  Map<String, TensorData> tensors() {
    return tensors;
  }

  void writeSafetensors(Path file) throws IOException {
    AtomicFile.write(file, out -> new Safetensors(tensors, Map.of("format", "pt")).write(out));
  }

  /** As {@code torch.save} writes a state dictionary: an archive of a pickle and the storages. */
  void writeTorch(Path file) throws IOException {
    try (ZipOutputStream zip =
        new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 20))) {
      put(zip, "data.pkl", pickle());
      int key = 0;
      for (TensorData tensor : tensors.values()) {
        byte[] bytes = new byte[tensor.byteSize()];
        tensor.bytes().get(bytes);
        put(zip, "data/" + key++, bytes);
      }
      put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry("archive/" + name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private byte[] pickle() {
    Pickle pickle = new Pickle().operation("\u0080\2}("); // protocol 2, a dictionary
    int key = 0;
    for (Map.Entry<String, TensorData> tensor : tensors.entrySet()) {
      Shape shape = tensor.getValue().shape();
      pickle
          .text(tensor.getKey())
          .operation("ctorch._utils\n_rebuild_tensor_v2\n((")
          .text("storage")
          .operation("ctorch\nFloatStorage\n")
          .text(Integer.toString(key++))
          .text("cpu")
          .number(shape.elements())
          .operation("tQK\0(");
      for (long size : shape.sizes()) {
        pickle.number(size);
      }
      pickle.operation("t(");
      for (int axis = 0; axis < shape.rank(); axis++) {
        long stride = 1;
        for (int later = axis + 1; later < shape.rank(); later++) {
          stride *= shape.size(later);
        }
        pickle.number(stride);
      }
      pickle.operation("t\u0089ccollections\nOrderedDict\n)RtR");
    }
    return pickle.operation("u.").bytes.toByteArray();
  }

  /** Bytes of a pickle. */
  private static final class Pickle {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Pickle operation(String latin) {
      bytes.writeBytes(latin.getBytes(StandardCharsets.ISO_8859_1));
      return this;
    }

    Pickle text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      return argument('X', utf8.length).operation(text);
    }

    Pickle number(long value) {
      return argument('J', Math.toIntExact(value));
    }

    private Pickle argument(char operation, int value) {
      bytes.write(operation);
      bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
      return this;
    }
  }
}
