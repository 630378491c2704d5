package io.ddpm4j.exporter.proto;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads ONNX files of any operator set. */
public final class OnnxReader {
  /** From so many bytes on a file is mapped: its weights never lie on the heap. */
  private static final long MAPPED = 1 << 24;

  private OnnxReader() {}

  /**
   * Reads a model file; files beside it are opened only when their data are needed. Large files are
   * mapped into memory: nobody may write into them meanwhile, replacing them does no harm.
   *
   * @throws OnnxFormatException if there is no such file, or it is empty, cut short or no ONNX
   *     model; the message is one sentence
   * @throws IOException if the file cannot be read
   */
  public static OnnxFile read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new OnnxFormatException(file + ": expected an ONNX model, found no such file");
    }
    if (Files.isDirectory(file)) {
      throw new OnnxFormatException(file + ": expected an ONNX model, found a folder");
    }
    if (!Files.isRegularFile(file)) { // reading a pipe would wait for ever
      throw new OnnxFormatException(file + ": expected an ONNX model, found a pipe or a device");
    }
    long size = Files.size(file);
    if (size > Integer.MAX_VALUE - 8) {
      throw new OnnxFormatException(
          file + ": expected an ONNX model, which ends at 2 GB, found " + size + " bytes");
    }
    byte[] bytes;
    try {
      ByteBuffer mapped = size < MAPPED ? null : map(file);
      byte[] message = mapped == null ? null : MappedModel.message(mapped);
      if (message != null) {
        return parse(message, file.toString(), file, mapped);
      }
      bytes = Files.readAllBytes(file);
    } catch (OnnxFormatException e) { // one sentence already
      throw e;
    } catch (AccessDeniedException e) { // whose message is a bare path
      throw new IOException("cannot read " + file + ": permission denied", e);
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + e.getMessage(), e);
    }
    return parse(bytes, file.toString(), file, null);
  }

  /** The map stays until the bytes are garbage. */
  private static ByteBuffer map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  /**
   * Reads a model from memory, which must not be changed afterwards.
   *
   * @param source what messages call it
   * @throws OnnxFormatException if the bytes are no ONNX model
   */
  public static OnnxFile read(byte[] bytes, String source) throws OnnxFormatException {
    return parse(bytes, source, null, null);
  }

  /**
   * @param mapped the whole file, where large tensors are elsewhere than in the bytes; else null
   */
  private static OnnxFile parse(byte[] bytes, String source, Path path, ByteBuffer mapped)
      throws OnnxFormatException {
    String expected = source + ": expected an ONNX model, found ";
    if (bytes.length == 0) {
      throw new OnnxFormatException(expected + "an empty file");
    }
    ModelProto proto;
    try {
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      in.enableAliasing(true); // weights stay where they are instead of being copied
      proto = ModelProto.parseFrom(in);
    } catch (IOException e) {
      String found =
          startsLikeOnnx(bytes)
              ? "one that is cut short or damaged (" + bytes.length + " bytes)"
              : "a file of another kind";
      throw new OnnxFormatException(expected + found, e);
    }
    if (!proto.hasGraph()) {
      String found =
          startsLikeOnnx(bytes) ? "one without a graph: it is cut short" : "a file of another kind";
      throw new OnnxFormatException(expected + found);
    }
    if (!proto.hasIrVersion() || proto.getOpsetImportCount() == 0 && proto.getIrVersion() >= 3) {
      throw new OnnxFormatException(
          expected + "one without format or operator set version: it is cut short or damaged");
    }
    long size = mapped == null ? bytes.length : mapped.limit();
    return new OnnxFile(proto, source, path, size, mapped);
  }

  /** True if the first field is one that an ONNX model may begin with. */
  private static boolean startsLikeOnnx(byte[] bytes) {
    try {
      int tag = CodedInputStream.newInstance(bytes).readTag();
      int field = WireFormat.getTagFieldNumber(tag);
      return switch (WireFormat.getTagWireType(tag)) {
        case WireFormat.WIRETYPE_VARINT ->
            field == ModelProto.IR_VERSION_FIELD_NUMBER && bytes.length > 1 && bytes[1] < 64;
        case WireFormat.WIRETYPE_LENGTH_DELIMITED ->
            field == ModelProto.GRAPH_FIELD_NUMBER || field == ModelProto.OPSET_IMPORT_FIELD_NUMBER;
        default -> false;
      };
    } catch (IOException e) {
      return false;
    }
  }
}
