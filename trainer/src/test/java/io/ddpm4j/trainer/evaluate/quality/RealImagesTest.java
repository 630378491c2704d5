package io.ddpm4j.trainer.evaluate.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.FrechetDistance;
import io.ddpm4j.trainer.evaluate.distance.GaussianStatistics;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.samples.SampleSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RealImagesTest {
  private static final List<String> NAMES = List.of("cat", "dog", "bird");

  /** Images of one pixel, by whose level and label each is known. */
  private record Pixels(List<String> classNames, int[] labels) implements ImageDataset {
    @Override
    public String name() {
      return "pixels";
    }

    @Override
    public String description() {
      return "pixels";
    }

    @Override
    public int size() {
      return labels.length;
    }

    @Override
    public int channels() {
      return 1;
    }

    @Override
    public int height() {
      return 1;
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public int label(int index) {
      return labels[index];
    }

    @Override
    public void read(int index, byte[] dest, int offset) {
      dest[offset] = (byte) index;
    }
  }

  /** So many of each class, in order of the classes. */
  private static ImageDataset images(List<String> names, int... counts) {
    List<Integer> labels = new ArrayList<>();
    for (int label = 0; label < counts.length; label++) {
      for (int i = 0; i < counts[label]; i++) {
        labels.add(label);
      }
    }
    return new Pixels(names, labels.stream().mapToInt(Integer::intValue).toArray());
  }

  private static SampleSettings settings(List<Integer> labels, List<String> names) {
    return new SampleSettings(Map.of(), 1, 1, 1, labels, names);
  }

  private static Map<String, Integer> counts(ImageDataset images) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < images.size(); i++) {
      counts.merge(images.classNames().get(images.label(i)), 1, Integer::sum);
    }
    return counts;
  }

  private static Set<Integer> pixels(ImageDataset images) {
    Set<Integer> all = new HashSet<>();
    byte[] pixel = new byte[1];
    for (int i = 0; i < images.size(); i++) {
      images.read(i, pixel, 0);
      assertTrue(all.add(pixel[0] & 0xff), "twice");
    }
    return all;
  }

  @Test
  void aMixHasTheClassesOfTheSamples() {
    assertEquals(
        Map.of("cat", 4, "dog", 3, "bird", 3),
        ClassMix.of(settings(List.of(0, 1, 2), NAMES), 10).byClass());
    assertEquals(
        Map.of("bird", 7, "cat", 3), ClassMix.of(settings(List.of(2, 0, 2), NAMES), 10).byClass());
    // Unconditional; the null class; a model that names none: of any.
    for (SampleSettings each :
        List.of(
            settings(List.of(), List.of()),
            settings(List.of(3), NAMES),
            settings(List.of(0, 3), NAMES),
            settings(List.of(0, 1), List.of()))) {
      assertEquals(ClassMix.any(10), ClassMix.of(each, 10));
    }
    assertThrows(IllegalArgumentException.class, () -> new ClassMix(3, Map.of("cat", 2)));
    assertThrows(IllegalArgumentException.class, () -> ClassMix.any(0));
  }

  @Test
  void standInsAreOfTheClassesOfTheSamples() {
    ImageDataset training = images(NAMES, 20, 20, 20);
    ImageDataset test = images(List.of("dog", "bird", "cat"), 90, 50, 40); // another order
    ClassMix mix = ClassMix.of(settings(List.of(0, 1, 2), NAMES), 30);
    RealImages real = RealImages.ofSplits(training, test, mix, 7);
    assertEquals(Map.of("cat", 10, "dog", 10, "bird", 10), counts(real.standIns()));
    assertSame(training, real.reference());
    assertSame(test, real.heldOut());
    assertEquals(
        pixels(real.standIns()), pixels(RealImages.ofSplits(training, test, mix, 7).standIns()));
    assertNotEquals(
        pixels(real.standIns()), pixels(RealImages.ofSplits(training, test, mix, 8).standIns()));
    assertEquals(24, real.withReference(24, 1).reference().size());
    assertSame(real, real.withReference(60, 1));
  }

  @Test
  void whereAClassHasTooFewThereAreFewerOfAll() {
    ImageDataset training = images(NAMES, 20, 20, 20);
    ClassMix mix = new ClassMix(60, Map.of("cat", 30, "dog", 20, "bird", 10));
    RealImages real = RealImages.ofSplits(training, images(NAMES, 15, 60, 60), mix, 7);
    assertEquals(Map.of("cat", 15, "dog", 10, "bird", 5), counts(real.standIns()));
    // Of one that has next to none the proportions cannot be kept.
    real = RealImages.ofSplits(training, images(NAMES, 1, 60, 60), mix, 7);
    assertEquals(60, real.standIns().size());
    real = RealImages.ofSplits(training, images(NAMES, 0, 7, 5), mix, 7);
    assertEquals(12, real.standIns().size());
  }

  @Test
  void whatIsSetAsideIsNoReference() {
    ImageDataset all = images(NAMES, 40, 60, 100);
    ClassMix mix = ClassMix.of(settings(List.of(0, 1, 2), NAMES), 45);
    RealImages real = RealImages.setAside(all, mix, 3);
    assertEquals(Map.of("cat", 15, "dog", 15, "bird", 15), counts(real.standIns()));
    // 25, 45 and 85 are left, of which these have the proportions of all.
    assertEquals(Map.of("cat", 25, "dog", 37, "bird", 62), counts(real.reference()));
    Set<Integer> both = pixels(real.standIns());
    both.addAll(pixels(real.reference()));
    assertEquals(45 + 25 + 37 + 62, both.size());
    // Half of a class at most.
    real = RealImages.setAside(all, ClassMix.of(settings(List.of(0, 1, 2), NAMES), 90), 3);
    assertEquals(Map.of("cat", 20, "dog", 20, "bird", 20), counts(real.standIns()));
    real = RealImages.setAside(all, ClassMix.any(500), 3);
    assertEquals(100, real.standIns().size());
    assertEquals(100, real.reference().size());
  }

  @Test
  void theDifferenceOfTwoMixesIsWhatWouldHaveToChange() {
    ClassMix mix = new ClassMix(10, Map.of("cat", 5, "dog", 5));
    assertEquals(0, mix.difference(images(NAMES, 30, 30, 99)), 1e-12);
    assertEquals(0.25, mix.difference(images(NAMES, 30, 10, 0)), 1e-12);
    assertEquals(0.5, mix.difference(images(NAMES, 7, 0, 4)), 1e-12);
    assertEquals(0, mix.difference(images(List.of("fish"), 7)));
    assertEquals(0, ClassMix.any(10).difference(images(NAMES, 7, 0, 4)));
  }

  @Test
  void samplesOfSomeClassesMeetImagesOfThese() {
    ImageDataset training = images(NAMES, 30, 40, 50);
    ImageDataset test = images(NAMES, 30, 30, 30);
    ClassMix mix = ClassMix.of(settings(List.of(2, 0), NAMES), 20);
    RealImages real = RealImages.ofSplits(training, test, mix, 1);
    assertEquals(Map.of("cat", 30, "bird", 50), counts(real.reference()));
    assertEquals(Map.of("cat", 10, "bird", 10), counts(real.standIns()));
    assertEquals(Map.of("cat", 30, "bird", 30), counts(real.heldOut()));
    assertTrue(real.reference().description().endsWith("of bird, cat only"));
    RealImages aside = RealImages.setAside(training, mix, 1);
    assertEquals(Map.of("cat", 10, "bird", 10), counts(aside.standIns()));
    assertEquals(Map.of("cat", 20, "bird", 33), counts(aside.reference()));
    // Data that do not know the classes are taken as they are.
    ImageDataset others = images(List.of("cat", "fish"), 30, 30);
    assertFalse(mix.isKnownTo(others));
    real = RealImages.ofSplits(others, others, mix, 1);
    assertSame(others, real.reference());
    assertEquals(20, real.standIns().size());
  }

  /**
   * Samples that take the classes in turn are nearer to their mean than images at random: stand-ins
   * that are not, however real, are further off than perfect samples.
   */
  @Test
  void standInsAreAsFarAsPerfectSamples() {
    ImageDataset training = images(NAMES, 2000, 2000, 2000);
    ImageDataset test = images(NAMES, 500, 500, 500);
    ClassMix mix = ClassMix.of(settings(List.of(0, 1, 2), NAMES), 60);
    double perfect = 0;
    double inTurn = 0;
    double atRandom = 0;
    for (int seed = 0; seed < 20; seed++) {
      int[] labels = new int[60];
      Arrays.setAll(labels, i -> i % 3);
      perfect += distance(training, new Pixels(NAMES, labels));
      inTurn += distance(training, RealImages.ofSplits(training, test, mix, seed).standIns());
      atRandom +=
          distance(
              training, RealImages.ofSplits(training, test, ClassMix.any(60), seed).standIns());
    }
    assertEquals(perfect, inTurn, 1e-9);
    assertTrue(atRandom > 5 * inTurn, atRandom + " and " + inTurn);
  }

  /** Over features that are the class and nothing else. */
  private static double distance(ImageDataset a, ImageDataset b) {
    return FrechetDistance.between(statistics(a), statistics(b), Work.quiet());
  }

  private static GaussianStatistics statistics(ImageDataset images) {
    float[] values = new float[images.size() * 2];
    for (int i = 0; i < images.size(); i++) {
      int label = images.label(i);
      values[2 * i] = label == 0 ? 1 : 0;
      values[2 * i + 1] = label == 1 ? 1 : 0;
    }
    return GaussianStatistics.of(Features.of(values, images.size(), 2), Work.quiet());
  }
}
