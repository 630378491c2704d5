package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;

/** Images one by one, made batch by batch when they are wanted. Not thread-safe. */
final class ImageSpliterator extends Spliterators.AbstractSpliterator<ImageBatch> {
  private final Consumer<Consumer<Collection<ImageBatch>>> nextBatch;
  private final Queue<ImageBatch> ready = new ArrayDeque<>();
  private long left;

  /**
   * Of {@code images} images.
   *
   * @param nextBatch makes the next batch, at least one image, and hands it over
   */
  ImageSpliterator(long images, Consumer<Consumer<Collection<ImageBatch>>> nextBatch) {
    super(images, ORDERED | SIZED | NONNULL | IMMUTABLE);
    this.left = images;
    this.nextBatch = nextBatch;
  }

  @Override
  public boolean tryAdvance(Consumer<? super ImageBatch> action) {
    if (left == 0) {
      return false;
    }
    if (ready.isEmpty()) {
      nextBatch.accept(ready::addAll);
    }
    left--;
    action.accept(ready.remove());
    return true;
  }

  /** None: a part for another thread would be made and kept whole, a thousand images and more. */
  @Override
  public Spliterator<ImageBatch> trySplit() {
    return null;
  }
}
