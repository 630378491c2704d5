package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Subset;
import io.ddpm4j.trainer.evaluate.features.Draws;
import io.ddpm4j.trainer.evaluate.samples.SampleSettings;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What classes a set of samples shows, and how many samples are of each. Real images are held
 * against samples of the same classes, and stand in for them in the same numbers: samples that take
 * the classes in turn are nearer to their mean than as many images drawn at random, and would look
 * better than those for that alone.
 *
 * @param samples how many there are in all
 * @param byClass how many of each class, by its name; empty where samples are of no class or of one
 *     without a name, which is to say of any
 */
public record ClassMix(int samples, Map<String, Integer> byClass) {

  /** Refuses what does not add up, and copies. */
  public ClassMix {
    byClass = Collections.unmodifiableMap(new LinkedHashMap<>(byClass));
    int all = byClass.values().stream().mapToInt(Integer::intValue).sum();
    if (samples < 1 || !byClass.isEmpty() && all != samples) {
      throw new IllegalArgumentException(
          "samples: expected at least 1, as many as of all classes, found %d and %d"
              .formatted(samples, all));
    }
  }

  /** Samples of no class. */
  public static ClassMix any(int samples) {
    return new ClassMix(samples, Map.of());
  }

  /** Those of the first {@code samples} samples. */
  public static ClassMix of(SampleSettings settings, int samples) {
    List<String> names = settings.classNames();
    Map<String, Integer> byClass = new LinkedHashMap<>();
    for (int i = 0; i < samples; i++) {
      int label = settings.label(i);
      if (label < 0 || label >= names.size()) {
        return any(samples);
      }
      byClass.merge(names.get(label), 1, Integer::sum);
    }
    return new ClassMix(samples, byClass);
  }

  /** Whether images have labels of all these classes. */
  public boolean isKnownTo(ImageDataset images) {
    return !byClass.isEmpty() && new HashSet<>(images.classNames()).containsAll(byClass.keySet());
  }

  /**
   * How far images of these classes are from the samples in their proportions: the share of samples
   * that would have to be of another class (the total variation distance).
   *
   * @return from 0 to 1; 0 where the images do not know the classes
   */
  public double difference(ImageDataset images) {
    if (!isKnownTo(images)) {
      return 0;
    }
    int[] wanted = wanted();
    int[] there = counts(images);
    int all = Arrays.stream(there).sum();
    double sum = 0;
    for (int g = 0; g < wanted.length; g++) {
      sum += Math.abs((double) wanted[g] / samples - (double) there[g] / Math.max(1, all));
    }
    return sum / 2;
  }

  private int[] wanted() {
    return byClass.values().stream().mapToInt(Integer::intValue).toArray();
  }

  /** Those images that are of these classes; all of them where they do not know the classes. */
  public ImageDataset select(ImageDataset images) {
    if (!isKnownTo(images)) {
      return images;
    }
    int[] groups = groups(images);
    int[] own = IntStream.range(0, groups.length).filter(i -> groups[i] >= 0).toArray();
    return own.length == groups.length || own.length == 0
        ? images
        : Subset.of(
            images,
            own,
            images.description() + ", of " + String.join(", ", byClass.keySet()) + " only");
  }

  /**
   * Images to stand in for the samples: as many of each class, or as many of any where the images
   * do not know the classes. Where there are too few of a class, fewer of all, in the proportions
   * of the samples; where that would be fewer than {@code least}, they are of any class.
   *
   * @param images to draw from
   * @param oneIn 1 to take whatever is needed, 2 to take half the images of a class at most
   * @param least how many they are at least, if there are as many
   * @param seed decides which
   * @return rising indices
   */
  int[] draw(ImageDataset images, int oneIn, int least, long seed) {
    if (isKnownTo(images)) {
      int[] drawn = draw(groups(images), wanted(), oneIn, seed);
      if (drawn.length >= Math.min(least, samples)) {
        return drawn;
      }
    }
    return draw(new int[images.size()], new int[] {samples}, oneIn, seed);
  }

  /**
   * Images that have the proportions of classes of others, as many as there can be; all of them
   * where the images do not know the classes, or where there would be fewer than {@code least}.
   *
   * @return rising indices
   */
  int[] drawAs(ImageDataset others, ImageDataset images, int least, long seed) {
    if (isKnownTo(images)) {
      int[] drawn = draw(groups(images), counts(others), 1, seed);
      if (drawn.length >= least) {
        return drawn;
      }
    }
    return IntStream.range(0, images.size()).toArray();
  }

  /** For each image which of the classes it is of, -1 for none of them. */
  private int[] groups(ImageDataset images) {
    List<String> mine = List.copyOf(byClass.keySet());
    int[] ofLabel = images.classNames().stream().mapToInt(mine::indexOf).toArray();
    int[] groups = new int[images.size()];
    for (int i = 0; i < groups.length; i++) {
      int label = images.label(i);
      groups[i] = label >= 0 && label < ofLabel.length ? ofLabel[label] : -1;
    }
    return groups;
  }

  /** How many images are of each of the classes. */
  private int[] counts(ImageDataset images) {
    return counts(groups(images), byClass.size());
  }

  private static int[] counts(int[] groups, int count) {
    int[] counts = new int[count];
    for (int group : groups) {
      if (group >= 0) {
        counts[group]++;
      }
    }
    return counts;
  }

  private static int[] draw(int[] groups, int[] wanted, int oneIn, long seed) {
    int[] left = shares(groups, wanted, oneIn);
    int[] drawn = new int[Arrays.stream(left).sum()];
    int count = 0;
    for (int image : Draws.choose(groups.length, groups.length, seed)) {
      int group = groups[image];
      if (group >= 0 && left[group] > 0) {
        left[group]--;
        drawn[count++] = image;
      }
    }
    Arrays.sort(drawn);
    return drawn;
  }

  /** How many of each group there can be, in the proportions that are wanted. */
  private static int[] shares(int[] groups, int[] wanted, int oneIn) {
    int[] there = counts(groups, wanted.length);
    long most = 1; // the scarcest group has so many...
    long of = 1; // ...of so many wanted
    for (int g = 0; g < wanted.length; g++) {
      long had = there[g] / oneIn;
      if (had * of < most * wanted[g]) {
        most = had;
        of = wanted[g];
      }
    }
    int[] shares = new int[wanted.length];
    for (int g = 0; g < shares.length; g++) {
      shares[g] = (int) (wanted[g] * most / of);
    }
    return shares;
  }
}
