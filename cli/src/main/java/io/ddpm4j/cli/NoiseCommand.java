package io.ddpm4j.cli;

import io.ddpm4j.runtime.ForwardStrip;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
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
  private static final int PRINTED = 12; // timesteps, which fit on a line

  @Parameters(index = "0", paramLabel = "IMAGE", description = "PNG or JPEG file.")
  private Path image;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "noise.png",
      description = "The frames side by side, as PNG (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--frames",
      paramLabel = "N",
      converter = Numbers.AtLeastTwo.class,
      defaultValue = "8",
      description = "Frames, from the image to pure noise (default: ${DEFAULT-VALUE}).")
  private int frames;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the noise (default: a random one, which is printed).")
  private Long seed;

  @Option(
      names = "--size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Scale the image to N pixels on its longer side (default: as it is, at most "
              + LARGEST_DEFAULT
              + ").")
  private Integer size;

  @ArgGroup(validate = false, heading = "%nNoise schedule:%n")
  private final ScheduleOptions schedule = new ScheduleOptions();

  private final Terminal terminal;

  NoiseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    SchedulerConfig config = schedule.over(SchedulerConfig.ddpm());
    NoiseSchedule noise = config.noiseSchedule();
    int most = noise.trainTimesteps() + 1; // and the image itself
    if (frames > most) {
      throw new UsageException(
          "--frames: expected at most %d for %d timesteps and the image, found %d"
              .formatted(most, most - 1, frames));
    }
    Outputs.requirePicture("-o", output);
    long used = seed == null ? ThreadLocalRandom.current().nextInt(1_000_000_000) : seed;
    ImageBatch x0 = ImageFiles.read(image, size == null ? -LARGEST_DEFAULT : size);
    ImageShape shape = new ImageShape(x0.channels(), x0.height(), x0.width());
    Outputs.requireGrid("--frames", shape, frames, 1, null);
    ImageBatch strip = ForwardStrip.of(x0, noise, frames, used);
    Map<String, String> text = new LinkedHashMap<>();
    text.put("Software", "ddpm4j " + Main.version());
    text.put("Schedule", config.betaSchedule().label());
    text.put("Train timesteps", Integer.toString(noise.trainTimesteps()));
    text.putAll(strip.text());
    ImageBatch described = strip.withText(text);
    Outputs.makeFolderOf(output);
    described.writeGrid(output, ImageGrid.ofColumns(described, frames));
    terminal
        .out()
        .printf(
            "%s: timesteps %s (%s)%n",
            output, shortened(ForwardStrip.timesteps(noise, frames)), Outputs.size(output));
    terminal
        .out()
        .printf(
            "seed %d, %s schedule of %d timesteps%n",
            used, config.betaSchedule().label(), noise.trainTimesteps());
    return Main.OK;
  }

  /** image, 124, 249, ..., 999. */
  private static String shortened(int[] timesteps) {
    List<String> names =
        Arrays.stream(timesteps)
            .mapToObj(t -> t < 0 ? "image" : Integer.toString(t))
            .collect(Collectors.toCollection(ArrayList::new));
    if (names.size() > PRINTED) {
      List<String> middle = names.subList(PRINTED / 2, names.size() - 1);
      middle.clear();
      middle.add("...");
    }
    return String.join(", ", names);
  }
}
