package io.ddpm4j.runtime;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.StepListener;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What to generate: start with {@link #of} and add with the {@code with} methods.
 *
 * @param images how many, at least 1
 * @param seed of the noise
 * @param firstImage the number of the first image: images 0 to 99 of a seed can be made as 0 to 49
 *     and 50 to 99, on two machines, with the same noise
 * @param classLabels n classes in turn: image k gets the class at k mod n, where k is the number
 *     within the seed's images and not within this request, so that parts of a generation agree
 *     with the whole; empty: all classes of the model in turn
 * @param classNames likewise by name; at most one of the two is given
 * @param listener watches every step
 * @param cancellation stops it
 */
public record GenerationRequest(
    int images,
    long seed,
    long firstImage,
    List<Integer> classLabels,
    List<String> classNames,
    Optional<StepListener> listener,
    Cancellation cancellation) {

  /** Refuses an empty request and labels given twice. */
  public GenerationRequest {
    if (images < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + images);
    }
    if (firstImage < 0 || firstImage > Long.MAX_VALUE - images) {
      throw new IllegalArgumentException(
          "first image: expected 0 to " + (Long.MAX_VALUE - images) + ", found " + firstImage);
    }
    classLabels = List.copyOf(classLabels);
    classNames = List.copyOf(classNames);
    if (!classLabels.isEmpty() && !classNames.isEmpty()) {
      throw new IllegalArgumentException("classes: expected labels or names, found both");
    }
  }

  /** Images 0 to {@code images - 1} of a seed. */
  public static GenerationRequest of(int images, long seed) {
    return new GenerationRequest(
        images, seed, 0, List.of(), List.of(), Optional.empty(), new Cancellation());
  }

  /** The same from another image number on. */
  public GenerationRequest withFirstImage(long number) {
    return new GenerationRequest(
        images, seed, number, classLabels, classNames, listener, cancellation);
  }

  /** The same with classes by label. */
  public GenerationRequest withClassLabels(int... labels) {
    List<Integer> list = Arrays.stream(labels).boxed().toList();
    return new GenerationRequest(images, seed, firstImage, list, List.of(), listener, cancellation);
  }

  /** The same with classes by name. */
  public GenerationRequest withClassNames(String... names) {
    return new GenerationRequest(
        images, seed, firstImage, List.of(), List.of(names), listener, cancellation);
  }

  /** The same with a listener. */
  public GenerationRequest withListener(StepListener watcher) {
    return new GenerationRequest(
        images, seed, firstImage, classLabels, classNames, Optional.of(watcher), cancellation);
  }

  /** The same with a token that stops it. */
  public GenerationRequest withCancellation(Cancellation token) {
    return new GenerationRequest(
        images, seed, firstImage, classLabels, classNames, listener, token);
  }
}
