package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The network of the benchmarks, from the same options as {@code pytorch/unet.py} takes. */
final class BenchNetwork {
  private BenchNetwork() {}

  /** Options: --size 32 --channels 32,64,64 --image-channels 1 --groups 32. */
  static UNetConfig config(String... args) {
    List<Integer> channels =
        Arrays.stream(option(args, "--channels", "32,64,64").split(","))
            .map(Integer::valueOf)
            .toList();
    List<Boolean> attention = new ArrayList<>();
    for (int level = 0; level < channels.size(); level++) {
      attention.add(level == channels.size() - 1);
    }
    return UNetConfig.of(
        number(args, "--size", 32),
        number(args, "--image-channels", 1),
        channels,
        attention,
        1,
        number(args, "--groups", 32),
        0,
        0);
  }

  /** The exported network with its starting weights. */
  static byte[] model(UNetConfig config) {
    return OnnxWriter.toBytes(
        OnnxModel.of(UNet.portable(config, UNet.parameters(config).initialize(1))));
  }

  static int number(String[] args, String name, int absent) {
    return Integer.parseInt(option(args, name, Integer.toString(absent)));
  }

  static String option(String[] args, String name, String absent) {
    int index = Arrays.asList(args).indexOf(name);
    return index < 0 ? absent : args[index + 1];
  }
}
