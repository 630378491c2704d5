package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import picocli.CommandLine.Option;

/** Where and how a model runs, for every command that runs one. */
final class SessionOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Processor threads (default: all).")
  private Integer threads;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      converter = Names.Devices.class,
      defaultValue = "cpu",
      description =
          "cpu, cuda or cuda:INDEX, on CUDA with any of ,memory=4G ,tf32=off and"
              + " ,search=heuristic|exhaustive|default behind it (default: ${DEFAULT-VALUE}).")
  private Device device;

  /** The device, and the threads that the user asked for or all. */
  SessionSettings settings() {
    return new SessionSettings(
        device, threads == null ? SessionSettings.defaults().threads() : threads);
  }
}
