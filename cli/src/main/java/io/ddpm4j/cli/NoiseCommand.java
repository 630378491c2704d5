package io.ddpm4j.cli;

import io.ddpm4j.runtime.ForwardStrip;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the forward process. */
@Command(
    name = "noise",
    description = "Show how an image turns into noise, step by step.",
    footer = {"", "Example:", "  ddpm noise photo.jpg -o strip.png --schedule squaredcos_cap_v2"})
final class NoiseCommand implements Callable<Integer> {
  private static final int LARGEST_DEFAULT = 128;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "PNG or JPEG file.")
  private Path image;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "noise.png",
      description = "The frames side by side, as PNG (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.AtLeastTwo.class,
      defaultValue = "8",
      description = "Frames, from the image to pure noise (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the noise (default: a random one, which is printed).")
  private Long seed;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "linear",
      description =
          "linear, scaled_linear, squaredcos_cap_v2, sigmoid, laplace or exp (default: ${DEFAULT-VALUE}).")
  private String schedule;

  @Option(
      names = "--train-timesteps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      defaultValue = "1000",
      description = "Timesteps of the schedule (default: ${DEFAULT-VALUE}).")
  private int trainTimesteps;

  @Option(
      names = "--beta-start",
      paramLabel = "B",
      defaultValue = "0.0001",
      description = "First beta of the linear schedules (default: ${DEFAULT-VALUE}).")
  private double betaStart;

  @Option(
      names = "--beta-end",
      paramLabel = "B",
      defaultValue = "0.02",
      description = "Last beta of the linear schedules (default: ${DEFAULT-VALUE}).")
  private double betaEnd;

  @Option(
      names = "--size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Scale the image to N pixels on its longer side (default: as it is, at most "
              + LARGEST_DEFAULT
              + ").")
  private Integer size;

  private final Terminal terminal;

  NoiseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    NoiseSchedule noise =
        NoiseSchedule.of(BetaSchedule.parse(schedule), trainTimesteps, betaStart, betaEnd);
    Outputs.requireFile("-o", output);
    long used = seed == null ? ThreadLocalRandom.current().nextInt(1_000_000_000) : seed;
    ImageBatch x0 = ImageFiles.read(image, size == null ? -LARGEST_DEFAULT : size);
    ImageBatch frames = ForwardStrip.of(x0, noise, steps, used);
    Map<String, String> text = new LinkedHashMap<>();
    text.put("Software", "ddpm4j " + Main.version());
    text.put("Schedule", schedule);
    text.put("Train timesteps", Integer.toString(trainTimesteps));
    text.putAll(frames.text());
    ImageBatch described = frames.withText(text);
    Outputs.makeFolderOf(output);
    described.writeGrid(output, ImageGrid.ofColumns(described, steps));
    String timesteps =
        Arrays.stream(ForwardStrip.timesteps(noise, steps))
            .mapToObj(t -> t < 0 ? "image" : Integer.toString(t))
            .collect(Collectors.joining(", "));
    terminal.out().printf("%s: timesteps %s (%s)%n", output, timesteps, Outputs.size(output));
    terminal.out().printf("seed %d, %s schedule of %d timesteps%n", used, schedule, trainTimesteps);
    return Main.OK;
  }
}
