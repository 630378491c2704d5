package io.ddpm4j.trainer.evaluate.samples;

import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** The first images of a sample file, read from it one by one. */
final class SampleImages implements ImageDataset {
  private final SampleFile file;
  private final SampleSettings settings;
  private final long[] positions;

  /**
   * @param positions of the images' first bytes
   */
  SampleImages(SampleFile file, long[] positions) {
    this.file = file;
    this.settings = file.settings();
    this.positions = positions;
  }

  @Override
  public String name() {
    return "samples";
  }

  @Override
  public String description() {
    return positions.length + " samples in " + file.file();
  }

  @Override
  public int size() {
    return positions.length;
  }

  @Override
  public int channels() {
    return settings.channels();
  }

  @Override
  public int height() {
    return settings.height();
  }

  @Override
  public int width() {
    return settings.width();
  }

  @Override
  public List<String> classNames() {
    return settings.classNames();
  }

  @Override
  public int label(int index) {
    return settings.label(Objects.checkIndex(index, positions.length));
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    long position = positions[Objects.checkIndex(index, positions.length)];
    Objects.checkFromIndexSize(offset, imageBytes(), dest.length);
    try {
      file.read(position, imageBytes()).get(dest, offset, imageBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
