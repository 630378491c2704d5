package io.ddpm4j.cli;

import io.ddpm4j.runtime.DenoisingStrip;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** What {@code ddpm sample} writes, and how it looks. */
final class SampleOutputs {
  private static final String DEFAULT_OUTPUT = "samples.png";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "All images as one PNG (default: " + DEFAULT_OUTPUT + ").")
  private Path output;

  @Option(names = "--strip", paramLabel = "FILE", description = "From noise to image as a PNG.")
  private Path strip;

  @Option(
      names = "--strip-rows",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      defaultValue = "4",
      description = "Images in the strip (default: ${DEFAULT-VALUE}).")
  private int stripRows;

  @Option(
      names = "--strip-frames",
      paramLabel = "N",
      converter = Numbers.AtLeastTwo.class,
      defaultValue = "10",
      description =
          "Frames in the strip, at most the steps and the noise (default: ${DEFAULT-VALUE}).")
  private int stripFrames;

  @Option(
      names = "--strip-predicted",
      description = "Show the image that each step predicts, in place of the noisy one.")
  private boolean stripPredicted;

  @Option(
      names = "--separate",
      paramLabel = "DIR",
      description = "Every image as a PNG of its own in this folder, beside or instead of -o.")
  private Path separate;

  @Option(
      names = "--columns",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images per row (default: a square).")
  private Integer columns;

  @Option(
      names = "--scale",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Enlarge every pixel N times in grids and strips (default: to about 96).")
  private Integer scale;

  /** Refuses what cannot be written, before any work. */
  void requireWritable() throws IOException {
    if (output == null && separate == null) {
      output = Path.of(DEFAULT_OUTPUT);
    }
    if (output != null) {
      Outputs.requirePicture("-o", output);
    }
    if (strip != null) {
      Outputs.requirePicture("--strip", strip);
    }
    if (separate != null) {
      Outputs.requireFolder("--separate", separate);
    }
  }

  /** Refuses pictures that are too large, before sampling. */
  void requireSizes(ImageShape image, int images) {
    if (output != null) {
      double perRow = columns == null ? Math.ceil(Math.sqrt(images)) : columns;
      Outputs.requireGrid(
          scale != null ? "--scale" : columns != null ? "--columns" : "-n",
          image,
          perRow,
          Math.ceil(images / perRow),
          scale);
    }
    if (strip != null) {
      Outputs.requireGrid(
          scale != null ? "--scale" : "--strip-frames",
          image,
          stripFrames,
          Math.min(stripRows, images),
          scale);
    }
  }

  /** What has to listen to a generation for its strip; null where none was asked for. */
  DenoisingStrip newStrip(int images) {
    if (strip == null) {
      return null;
    }
    int rows = Math.min(stripRows, images);
    return stripPredicted
        ? DenoisingStrip.ofPredictedX0(rows, stripFrames)
        : DenoisingStrip.of(rows, stripFrames);
  }

  /**
   * Writes all that was asked for.
   *
   * @param frames that listened to the generation; null without a strip
   */
  void write(ImageBatch made, DenoisingStrip frames, Terminal terminal) throws IOException {
    if (output != null) {
      Outputs.makeFolderOf(output);
      made.writeGrid(output, layout(made, columns));
      wrote(terminal, output, made.width() + "x" + made.height() + " pixels each");
    }
    if (frames != null) {
      Outputs.makeFolderOf(strip);
      ImageBatch rows = frames.frames(made).withText(made.text());
      rows.writeGrid(strip, layout(rows, frames.frames()));
      wrote(terminal, strip, "from noise to image in " + frames.frames() + " frames");
    }
    if (separate != null) {
      Outputs.makeFolderOf(separate.resolve("image"));
      List<Path> files = made.writePngs(separate, "image-");
      terminal
          .out()
          .printf(
              "%s: %d PNG files, %s to %s%n",
              separate,
              files.size(),
              files.get(0).getFileName(),
              files.get(files.size() - 1).getFileName());
    }
  }

  private ImageGrid layout(ImageBatch made, Integer imagesPerRow) {
    ImageGrid grid =
        imagesPerRow == null ? ImageGrid.fitting(made) : ImageGrid.ofColumns(made, imagesPerRow);
    return scale == null ? grid : new ImageGrid(grid.columns(), grid.padding(), scale);
  }

  private static void wrote(Terminal terminal, Path file, String what) throws IOException {
    terminal.out().printf("%s: %s (%s)%n", file, what, Outputs.size(file));
  }
}
