package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.proto.onnx.StringStringEntryProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Where the elements of a tensor lie in a file beside the model. The location comes from the model
 * and is not trusted: it must stay inside the model's folder. Links inside that folder are
 * followed, since download caches consist of them.
 */
record ExternalReference(String what, Path file, long offset, long size)
    implements ExternalData.Source {

  /** Up to so many bytes are read: a system has few maps, and networks have many biases. */
  private static final int SMALL = 1 << 16;

  static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  /**
   * @param source the model file's name, for messages
   * @param folder the model's folder; null for a model that came from memory
   */
  static ExternalReference of(String source, Path folder, TensorProto tensor)
      throws OnnxFormatException {
    String what = source + ": external tensor " + tensor.getName();
    String location = value(tensor, "location", "");
    if (folder == null) {
      throw new OnnxFormatException(
          what + ": expected a model file with " + location + " beside it, found bytes in memory");
    }
    long offset = number(what, tensor, "offset", 0);
    long length = number(what, tensor, "length", TensorDecoder.byteSize(what, tensor));
    return new ExternalReference(what, inside(what, folder, location), offset, length);
  }

  private static Path inside(String what, Path folder, String location) throws OnnxFormatException {
    try {
      Path base = folder.toAbsolutePath().normalize();
      // A backslash separates folders on Windows only; no honest writer uses it.
      Path file = base.resolve(location.replace('\\', '/')).normalize();
      if (!location.isEmpty()
          && !Path.of(location).isAbsolute()
          && file.startsWith(base)
          && !file.equals(base)) {
        return file;
      }
    } catch (InvalidPathException e) {
      // the message below says it
    }
    throw new OnnxFormatException(
        what + ": expected a location inside the model's folder, found \"" + location + "\"");
  }

  private static String value(TensorProto tensor, String key, String absent) {
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      if (entry.getKey().equals(key)) {
        return entry.getValue();
      }
    }
    return absent;
  }

  private static long number(String what, TensorProto tensor, String key, long absent)
      throws OnnxFormatException {
    String text = value(tensor, key, Long.toString(absent));
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // the message below says it
    }
    throw new OnnxFormatException(
        what + ": expected " + key + " of 0 or more bytes, found \"" + text + "\"");
  }

  /** The elements; many of them are mapped, and stay in the file. */
  ByteBuffer read() throws IOException {
    if (size > Integer.MAX_VALUE - 8) {
      throw new OnnxFormatException(
          what + ": expected at most 2 GB in one tensor, found " + size + " bytes");
    }
    try (FileChannel channel = open()) {
      if (size > SMALL) {
        return channel.map(FileChannel.MapMode.READ_ONLY, offset, size);
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes) < 0) {
          throw new OnnxFormatException(what + ": " + file + " became shorter while it was read");
        }
      }
      return bytes.flip().asReadOnlyBuffer();
    }
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    try (FileChannel channel = open();
        InputStream in = Channels.newInputStream(channel)) {
      byte[] chunk = new byte[1 << 16];
      for (long left = size; left > 0; ) {
        int n = in.read(chunk, 0, (int) Math.min(chunk.length, left));
        if (n < 0) {
          throw new OnnxFormatException(what + ": " + file + " became shorter while it was read");
        }
        out.write(chunk, 0, n);
        left -= n;
      }
    }
  }

  private FileChannel open() throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new OnnxFormatException(
          what + ": expected its data in " + file + ", found no such file");
    }
    FileChannel channel = FileChannel.open(file);
    if (channel.size() - size < offset) {
      long found = channel.size();
      channel.close();
      throw new OnnxFormatException(
          what
              + ": expected "
              + size
              + " bytes at offset "
              + offset
              + " of "
              + file
              + ", found a file of "
              + found
              + " bytes");
    }
    return channel.position(offset);
  }
}
