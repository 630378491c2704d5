package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.DeadlineException;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ImageStreamTest {
  private DiffusionPipeline pipeline;

  /** The batches that were begun. */
  private final List<Integer> batches = new ArrayList<>();

  private final StepListener counting =
      new StepListener() {
        @Override
        public void onStart(Start start) {
          batches.add(start.images());
        }

        @Override
        public void onStep(Step step) {}
      };

  @BeforeEach
  void open() throws IOException {
    pipeline =
        DiffusionPipeline.open(TestModels.path("conditional"))
            .threads(1)
            .steps(2)
            .batchSize(3)
            .build();
  }

  @AfterEach
  void close() {
    pipeline.close();
  }

  private GenerationRequest request(int images) {
    return GenerationRequest.of(images, 4).withListener(counting);
  }

  @Test
  void elementKIsImageKOfTheSeed() {
    GenerationRequest request = request(8).withFirstImage(5);
    ImageBatch whole = pipeline.generate(request).images();
    List<ImageBatch> read = pipeline.stream(request).toList();
    assertEquals(8, read.size());
    for (int k = 0; k < 8; k++) {
      ImageBatch image = read.get(k);
      assertEquals(1, image.images());
      assertEquals(5 + k, image.firstImage());
      assertArrayEquals(whole.values(k), image.values(), "image " + k);
      assertEquals(List.of("boot", "coat", "hat").get((5 + k) % 3), image.text().get("Classes"));
      assertEquals(
          List.of(5L + k + "", "1"),
          List.of(image.text().get("First image"), image.text().get("Images")));
    }
  }

  @Test
  void batchesAreMadeWhenTheyAreRead() {
    Iterator<ImageBatch> images = pipeline.stream(request(8)).iterator();
    assertEquals(List.of(), batches, "nothing before the first is read");
    for (int k = 0; k < 8; k++) {
      assertEquals(k, images.next().firstImage());
      assertEquals(k / 3 + 1, batches.size(), "after image " + k);
    }
    assertEquals(List.of(3, 3, 2), batches);
    assertEquals(false, images.hasNext());
  }

  @Test
  void threeOfAHundredThousandTakeOneBatch() {
    List<ImageBatch> three = pipeline.stream(request(100_000)).limit(3).toList();
    assertEquals(3, three.size());
    assertEquals(List.of(3), batches);
    assertEquals(100_000, pipeline.stream(request(100_000)).count());
    assertEquals(List.of(3), batches, "the number is known without any image");
  }

  @Test
  void parallelReadingGivesTheSame() {
    ImageBatch whole = pipeline.generate(request(50)).images();
    List<ImageBatch> read = pipeline.stream(request(50)).parallel().toList();
    assertEquals(
        LongStream.range(0, 50).boxed().toList(),
        read.stream().map(ImageBatch::firstImage).toList());
    for (int k = 0; k < 50; k++) {
      assertArrayEquals(whole.values(k), read.get(k).values(), "image " + k);
    }
  }

  /** Ever growing parts for other threads would hold thousands of images. */
  @Test
  void parallelReadingMakesNothingAhead() {
    assertEquals(3, pipeline.stream(request(100_000)).parallel().limit(3).toList().size());
    assertEquals(List.of(3), batches);
    batches.clear();
    pipeline.stream(request(50))
        .parallel()
        .forEach(image -> assertEquals(image.firstImage() / 3 + 1, batches.size()));
  }

  private static long liveHeap() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) { // others' garbage may still be on its way
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  /** An image, its parameters and its text take about a kilobyte: kept, they would be seen. */
  @Test
  void memoryStaysFlatHoweverManyAreRead() throws IOException {
    int images = 20_000;
    try (DiffusionPipeline wide =
        DiffusionPipeline.open(TestModels.path("conditional"))
            .threads(1)
            .steps(1)
            .batchSize(64)
            .build()) {
      Iterator<ImageBatch> stream = wide.stream(GenerationRequest.of(100_000, 1)).iterator();
      stream.next();
      long before = liveHeap();
      for (int k = 1; k < images; k++) {
        assertEquals(k, stream.next().firstImage());
      }
      long grown = liveHeap() - before;
      assertTrue(grown < 4 << 20, "grown by " + grown + " bytes");
      Reference.reachabilityFence(stream); // was alive while it was measured
    }
  }

  @Test
  void readingThrowsWhatGenerateThrows() {
    Cancellation token = new Cancellation();
    Iterator<ImageBatch> cancelled = pipeline.stream(request(8).withCancellation(token)).iterator();
    assertEquals(0, cancelled.next().firstImage());
    token.cancel();
    assertEquals(1, cancelled.next().firstImage(), "is made already");
    assertEquals(2, cancelled.next().firstImage());
    assertThrows(CancellationException.class, cancelled::next);

    Iterator<ImageBatch> late =
        pipeline.stream(request(8).withTimeout(Duration.ofNanos(1))).iterator();
    assertThrows(DeadlineException.class, late::next);
    assertThrows(
        IllegalArgumentException.class, () -> pipeline.stream(request(1).withClassNames("tie")));
  }

  @Test
  void closingThePipelineEndsAStreamAtItsNextBatch() {
    Iterator<ImageBatch> images = pipeline.stream(request(8)).iterator();
    images.next();
    pipeline.close();
    images.next();
    images.next();
    Exception e = assertThrows(IllegalStateException.class, images::next);
    assertTrue(e.getMessage().endsWith("this pipeline is closed"), e.getMessage());
    assertThrows(IllegalStateException.class, () -> pipeline.stream(request(1)));
  }

  @Test
  void twoStreamsAndARunShareThePipeline() {
    float[] expected = pipeline.generate(request(6)).images().values();
    Iterator<ImageBatch> one = pipeline.stream(request(6)).iterator();
    Iterator<ImageBatch> two = pipeline.stream(request(6)).iterator();
    for (int k = 0; k < 6; k++) {
      assertArrayEquals(one.next().values(), two.next().values());
      assertArrayEquals(expected, pipeline.generate(request(6)).images().values());
    }
  }

  @Test
  void closingAStreamIsNotNeededAndDoesNoHarm() {
    try (Stream<ImageBatch> images = pipeline.stream(request(8))) {
      assertEquals(0, images.findFirst().orElseThrow().firstImage());
    }
    assertEquals(1, pipeline.generate(1, 4).images());
  }
}
