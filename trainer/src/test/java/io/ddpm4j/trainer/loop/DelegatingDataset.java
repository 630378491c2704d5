package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.data.ImageDataset;
import java.util.List;

/** Another data set's images, for tests that change a detail. */
class DelegatingDataset implements ImageDataset {
  private final ImageDataset images;

  DelegatingDataset(ImageDataset images) {
    this.images = images;
  }

  @Override
  public String name() {
    return images.name();
  }

  @Override
  public String description() {
    return images.description();
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public int channels() {
    return images.channels();
  }

  @Override
  public int height() {
    return images.height();
  }

  @Override
  public int width() {
    return images.width();
  }

  @Override
  public List<String> classNames() {
    return images.classNames();
  }

  @Override
  public int label(int index) {
    return images.label(index);
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    images.read(index, dest, offset);
  }
}
