package io.ddpm4j.exporter.proto;

import java.util.Map;
import java.util.TreeMap;

/**
 * The version of the file format that came with each version of the operator set ({@code ai.onnx}),
 * from ONNX's list of releases. Older runtimes refuse a file format that is newer than they are.
 */
final class IrVersions {
  private IrVersions() {}

  /** First operator set version -> format version. */
  private static final TreeMap<Integer, Integer> TABLE =
      new TreeMap<>(Map.of(1, 3, 9, 4, 10, 5, 11, 6, 12, 7, 15, 8, 19, 9, 21, 10, 23, 11, 24, 12));

  static int of(int opSetVersion) {
    return opSetVersion >= 25 ? 13 : TABLE.floorEntry(opSetVersion).getValue();
  }
}
