package io.ddpm4j.trainer.data;

import java.util.List;
import java.util.Objects;

/** Some images of a data set, in an order of their own. */
public final class Subset implements ImageDataset {
  private final ImageDataset all;
  private final int[] indices;
  private final String description;

  /** Takes the indices as they are: they are not to be changed any more. */
  Subset(ImageDataset all, int[] indices, String description) {
    this.all = all;
    this.indices = indices;
    this.description = description;
  }

  /**
   * Some images of a data set.
   *
   * @param indices of the images in the whole set, in the order wanted
   * @param description of the subset, see {@link ImageDataset#description}
   * @throws IndexOutOfBoundsException if an image does not exist
   */
  public static ImageDataset of(ImageDataset all, int[] indices, String description) {
    for (int index : indices) {
      Objects.checkIndex(index, all.size());
    }
    return new Subset(all, indices.clone(), description);
  }

  @Override
  public String name() {
    return all.name();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public int channels() {
    return all.channels();
  }

  @Override
  public int height() {
    return all.height();
  }

  @Override
  public int width() {
    return all.width();
  }

  @Override
  public List<String> classNames() {
    return all.classNames();
  }

  @Override
  public int label(int index) {
    return all.label(indices[Objects.checkIndex(index, indices.length)]);
  }

  @Override
  public boolean mirrorable(int index) {
    return all.mirrorable(indices[Objects.checkIndex(index, indices.length)]);
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    all.read(indices[Objects.checkIndex(index, indices.length)], dest, offset);
  }
}
