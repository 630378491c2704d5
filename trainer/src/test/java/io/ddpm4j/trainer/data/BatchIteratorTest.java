package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class BatchIteratorTest {

  /** Image i of 1x1x3 is (i, 100, 200), its label is i % 3. */
  private record Numbered(int size) implements ImageDataset {
    @Override
    public String name() {
      return "numbered";
    }

    @Override
    public String description() {
      return "numbers";
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
      return 3;
    }

    @Override
    public List<String> classNames() {
      return List.of("a", "b", "c");
    }

    @Override
    public int label(int index) {
      return index % 3;
    }

    @Override
    public void read(int index, byte[] dest, int offset) {
      if (index >= size) {
        throw new IllegalArgumentException("image " + index + " is unreadable");
      }
      dest[offset] = (byte) index;
      dest[offset + 1] = 100;
      dest[offset + 2] = (byte) 200;
    }
  }

  @ParameterizedTest
  @CsvSource({"10, 5", "10, 3", "10, 10", "10, 32", "1, 4", "97, 8"})
  void everyEpochHandsOutEveryImageOnce(int size, int batchSize) throws InterruptedException {
    List<Integer> images = images(size, BatchOptions.of(batchSize, 42), 4 * size);
    List<Integer> all = IntStream.range(0, size).boxed().toList();
    for (int epoch = 0; epoch < 4; epoch++) {
      List<Integer> ofEpoch = images.subList(epoch * size, (epoch + 1) * size);
      assertEquals(all, ofEpoch.stream().sorted().toList(), "epoch " + epoch);
    }
  }

  @Test
  void theOrderDependsOnSeedAndEpochAlone() throws InterruptedException {
    List<Integer> order = images(97, BatchOptions.of(8, 42), 3 * 97);
    assertEquals(order, images(97, BatchOptions.of(8, 42), 3 * 97));
    assertEquals(order, images(97, BatchOptions.of(31, 42), 3 * 97));
    assertEquals(order, images(97, new BatchOptions(8, 42, false, 1), 3 * 97));
    assertNotEquals(order, images(97, BatchOptions.of(8, 43), 3 * 97));
    assertNotEquals(order.subList(0, 97), order.subList(97, 194));
    assertNotEquals(order.subList(0, 97), order.stream().limit(97).sorted().toList());
  }

  /** Image i of 1x2x3 is 4·i + 0 to 5. */
  private record Planes(int size) implements ImageDataset {
    @Override
    public String name() {
      return "planes";
    }

    @Override
    public String description() {
      return "planes";
    }

    @Override
    public int channels() {
      return 1;
    }

    @Override
    public int height() {
      return 2;
    }

    @Override
    public int width() {
      return 3;
    }

    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public int label(int index) {
      return NO_LABEL;
    }

    @Override
    public void read(int index, byte[] dest, int offset) {
      for (int k = 0; k < 6; k++) {
        dest[offset + k] = (byte) (4 * index + k);
      }
    }
  }

  private static List<String> shifted(int shift, DataPosition start, int count)
      throws InterruptedException {
    List<String> images = new ArrayList<>();
    BatchOptions options = BatchOptions.of(1, 42).withShift(shift);
    try (BatchIterator batches = new BatchIterator(new Planes(50), options, start)) {
      for (int i = 0; i < count; i++) {
        byte[] image = new byte[6];
        batches.next().images().get(0, image);
        images.add(Arrays.toString(image));
      }
    }
    return images;
  }

  @Test
  void imagesAreMovedByUpToSoManyPixels() throws InterruptedException {
    List<String> plain = shifted(0, DataPosition.START, 200);
    List<String> moved = shifted(1, DataPosition.START, 200);
    EpochOrder order = new EpochOrder(50, 42);
    Set<Shift> seen = new HashSet<>();
    DataPosition at = DataPosition.START;
    for (int i = 0; i < 200; i++) {
      Shift shift = order.shift(at, 1);
      seen.add(shift);
      int first = 4 * order.image(at);
      byte[] expected = new byte[6];
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 3; x++) { // where nothing is, the nearest pixel of the edge
          int row = Math.min(1, Math.max(0, y - shift.down()));
          int column = Math.min(2, Math.max(0, x - shift.right()));
          expected[3 * y + x] = (byte) (first + 3 * row + column);
        }
      }
      assertEquals(Arrays.toString(expected), moved.get(i), shift.toString());
      assertEquals(shift.equals(new Shift(0, 0)), plain.get(i).equals(moved.get(i)));
      at = at.plus(1, 50);
    }
    assertEquals(9, seen.size(), "every direction: " + seen);
    assertEquals(moved.subList(70, 80), shifted(1, new DataPosition(1, 20), 10), "resumed");
    assertThrows(IllegalArgumentException.class, () -> BatchOptions.of(1, 0).withShift(-1));
  }

  /** Computed from the specification in Python: a change of generator breaks resumed runs. */
  @Test
  void theShiftsAreTheSpecifiedOnes() {
    EpochOrder order = new EpochOrder(10, 42);
    StringBuilder shifts = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      Shift shift = order.shift(new DataPosition(1, i), 2);
      shifts.append(shift.down()).append(',').append(shift.right()).append(' ');
    }
    assertEquals("0,1 0,-2 0,2 -1,0 -2,1 1,2 ", shifts.toString());
  }

  /** Computed from the specification in Python: a change of generator breaks resumed runs. */
  @Test
  void theOrderIsTheSpecifiedOne() throws InterruptedException {
    List<Integer> two = images(10, BatchOptions.of(4, 42), 20);
    assertEquals(List.of(5, 4, 1, 3, 9, 0, 6, 2, 8, 7), two.subList(0, 10));
    assertEquals(List.of(4, 2, 0, 7, 8, 6, 5, 9, 1, 3), two.subList(10, 20));
    EpochOrder order = new EpochOrder(10, 42);
    StringBuilder flips = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      flips.append(order.flipped(new DataPosition(1, i)) ? '1' : '0');
    }
    assertEquals("1100011101", flips.toString());
  }

  @Test
  void theShuffleIsFair() {
    int[][] seen = new int[6][6]; // [place][image]
    EpochOrder order = new EpochOrder(6, 5);
    for (long epoch = 0; epoch < 6000; epoch++) {
      for (int place = 0; place < 6; place++) {
        seen[place][order.image(new DataPosition(epoch, place))]++;
      }
    }
    for (int[] counts : seen) {
      for (int count : counts) {
        assertEquals(1000, count, 150); // five standard deviations
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resumingAtAnyBatchGivesTheSameBatches(boolean flips) throws InterruptedException {
    ImageDataset data = new Numbered(11);
    BatchOptions options = BatchOptions.of(4, 9).withHorizontalFlips(flips);
    List<byte[]> whole = new ArrayList<>();
    List<long[]> labels = new ArrayList<>();
    List<DataPosition> ends = new ArrayList<>();
    try (BatchIterator batches = new BatchIterator(data, options, DataPosition.START)) {
      for (int i = 0; i < 12; i++) {
        Batch batch = batches.next();
        whole.add(bytes(batch));
        labels.add(longs(batch));
        ends.add(batches.position());
        assertEquals(batch.end(), batches.position());
        assertEquals(DataPosition.START.plus(4L * i, 11), batch.start());
      }
    }
    for (int i = 0; i < 11; i++) {
      try (BatchIterator resumed = new BatchIterator(data, options, ends.get(i))) {
        assertEquals(ends.get(i), resumed.position());
        for (int j = i + 1; j < 12; j++) {
          Batch batch = resumed.next();
          assertArrayEquals(whole.get(j), bytes(batch));
          assertArrayEquals(labels.get(j), longs(batch));
        }
      }
    }
  }

  @Test
  void labelsGoWithTheirImages() throws InterruptedException {
    try (BatchIterator batches = iterator(new Numbered(50), BatchOptions.of(16, 3))) {
      for (int i = 0; i < 10; i++) {
        Batch batch = batches.next();
        for (int n = 0; n < 16; n++) {
          assertEquals(batch.images().get(3 * n) % 3, batch.labels().get(n));
        }
      }
    }
  }

  @Test
  void aboutHalfTheImagesAreMirroredWholeAndNewlyDecidedEachEpoch() throws InterruptedException {
    BatchOptions options = BatchOptions.of(100, 1).withHorizontalFlips(true);
    String[] decisions = new String[2];
    try (BatchIterator batches = iterator(new Numbered(100), options)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        byte[] images = bytes(batches.next());
        StringBuilder mirrored = new StringBuilder();
        for (int n = 0; n < 100; n++) {
          assertEquals(100, images[3 * n + 1]);
          boolean flipped = images[3 * n] == (byte) 200;
          assertEquals(flipped, images[3 * n + 2] != (byte) 200);
          mirrored.append(flipped ? '1' : '0');
        }
        decisions[epoch] = mirrored.toString();
        assertEquals(50, decisions[epoch].chars().filter(c -> c == '1').count(), 20);
      }
    }
    assertNotEquals(decisions[0], decisions[1]);
  }

  @Test
  void onlyWhatIsMirrorableIsMirrored() throws InterruptedException {
    ImageDataset data =
        new ImageDatasetView(new Numbered(100)) {
          @Override
          public boolean mirrorable(int index) {
            return index % 2 == 0;
          }
        };
    BatchOptions options = BatchOptions.of(100, 1).withHorizontalFlips(true);
    try (BatchIterator batches = iterator(data, options);
        BatchIterator all = iterator(new Numbered(100), options)) {
      byte[] images = bytes(batches.next());
      byte[] allImages = bytes(all.next());
      for (int n = 0; n < 100; n++) {
        boolean flipped = allImages[3 * n] == (byte) 200; // then the number comes last
        int index = flipped ? allImages[3 * n + 2] : allImages[3 * n];
        boolean expected = flipped && index % 2 == 0;
        assertEquals(expected, images[3 * n] == (byte) 200, "image " + index);
      }
    }
  }

  @Test
  void theSameFewDirectBuffersAreUsedInTurn() throws InterruptedException {
    try (BatchIterator batches = iterator(new Numbered(50), new BatchOptions(4, 0, false, 2))) {
      assertEquals(3, batches.slots());
      Set<Batch> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      Batch before = null;
      for (int i = 0; i < 50; i++) {
        Batch batch = batches.next();
        assertNotSame(before, batch);
        assertTrue(batch.images().isDirect() && batch.labels().isDirect());
        assertEquals(12, batch.images().remaining());
        assertEquals(4, batch.labels().remaining());
        assertTrue(batch.slot() >= 0 && batch.slot() < 3);
        seen.add(batch);
        before = batch;
      }
      assertEquals(3, seen.size());
    }
  }

  @Test
  void aBatchInHandIsLeftAlone() throws InterruptedException {
    try (BatchIterator batches = iterator(new Numbered(100), BatchOptions.of(10, 4))) {
      byte[] before = bytes(batches.next());
      Batch second = batches.next();
      byte[] held = bytes(second);
      Thread.sleep(50); // time for the worker to do wrong
      assertArrayEquals(held, bytes(second));
      assertFalse(Arrays.equals(before, held));
    }
  }

  @Test
  void aFailureInTheBackgroundReachesTheConsumerAgainAndAgain() throws InterruptedException {
    ImageDataset broken =
        new ImageDatasetView(new Numbered(10)) {
          @Override
          public int size() {
            return 20;
          }
        };
    BatchIterator batches = iterator(broken, BatchOptions.of(5, 0));
    IllegalStateException first = null;
    for (int i = 0; i < 10 && first == null; i++) {
      try {
        batches.next();
      } catch (IllegalStateException e) {
        first = e;
      }
    }
    assertTrue(first.getMessage().startsWith("a batch of numbered could not be prepared: image 1"));
    assertTrue(first.getCause() instanceof IllegalArgumentException);
    Throwable cause = first.getCause();
    assertSame(cause, assertThrows(IllegalStateException.class, batches::next).getCause());
    batches.close();
    assertNoThreadLeft();
  }

  @Test
  void closingStopsTheThreadTwiceToo() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      BatchIterator batches = iterator(new Numbered(10), BatchOptions.of(4, i));
      if (i % 2 == 0) {
        batches.next();
      }
      batches.close();
      batches.close();
      IllegalStateException e = assertThrows(IllegalStateException.class, batches::next);
      assertEquals("the batch iterator is closed", e.getMessage());
    }
    assertNoThreadLeft();
  }

  @Test
  void closingWakesAConsumerThatWaits() throws InterruptedException {
    ImageDataset stuck =
        new ImageDatasetView(new Numbered(10)) {
          @Override
          public void read(int index, byte[] dest, int offset) {
            try {
              Thread.sleep(60_000);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    BatchIterator batches = iterator(stuck, BatchOptions.of(2, 0));
    Thread consumer =
        new Thread(() -> assertThrows(IllegalStateException.class, batches::next), "consumer");
    consumer.start();
    Thread.sleep(50);
    batches.close();
    consumer.join(5_000);
    assertFalse(consumer.isAlive());
    assertNoThreadLeft();
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> BatchOptions.of(0, 0));
    assertThrows(IllegalArgumentException.class, () -> new BatchOptions(1, 0, false, 0));
    assertThrows(IllegalArgumentException.class, () -> new DataPosition(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> new DataPosition(0, -1));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new BatchIterator(new Numbered(5), BatchOptions.of(1, 0), new DataPosition(0, 5)));
    assertTrue(e.getMessage().contains("5 images of numbered, found offset 5"), e.getMessage());
  }

  /** A data set to override one method of. */
  private static class ImageDatasetView implements ImageDataset {
    private final ImageDataset data;

    ImageDatasetView(ImageDataset data) {
      this.data = data;
    }

    @Override
    public String name() {
      return data.name();
    }

    @Override
    public String description() {
      return data.description();
    }

    @Override
    public int size() {
      return data.size();
    }

    @Override
    public int channels() {
      return data.channels();
    }

    @Override
    public int height() {
      return data.height();
    }

    @Override
    public int width() {
      return data.width();
    }

    @Override
    public List<String> classNames() {
      return data.classNames();
    }

    @Override
    public int label(int index) {
      return data.label(index);
    }

    @Override
    public void read(int index, byte[] dest, int offset) {
      data.read(index, dest, offset);
    }
  }

  private static BatchIterator iterator(ImageDataset data, BatchOptions options) {
    return new BatchIterator(data, options, DataPosition.START);
  }

  private static List<Integer> images(int size, BatchOptions options, int count)
      throws InterruptedException {
    List<Integer> images = new ArrayList<>();
    try (BatchIterator batches = iterator(new Numbered(size), options)) {
      while (images.size() < count) {
        Batch batch = batches.next();
        for (int n = 0; n < options.batchSize(); n++) {
          images.add((int) batch.images().get(3 * n));
        }
      }
    }
    return images.subList(0, count);
  }

  private static byte[] bytes(Batch batch) {
    byte[] bytes = new byte[batch.images().remaining()];
    batch.images().get(0, bytes);
    return bytes;
  }

  private static long[] longs(Batch batch) {
    long[] longs = new long[batch.labels().remaining()];
    batch.labels().get(0, longs);
    return longs;
  }

  private static void assertNoThreadLeft() {
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .noneMatch(thread -> thread.getName().equals("ddpm4j-batches")));
  }
}
