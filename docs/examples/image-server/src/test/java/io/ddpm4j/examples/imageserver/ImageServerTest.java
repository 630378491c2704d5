package io.ddpm4j.examples.imageserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ImageServerTest {
  private static final Path MODEL =
      Path.of(System.getProperty("ddpm4j.root", "../../.."), "models/fashion-mnist");
  private static final ImageSource NOTHING = (request, cancellation) -> new byte[0];

  private final HttpClient client = HttpClient.newHttpClient();

  private static HttpRequest.Builder request(ImageServer server, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private HttpResponse<byte[]> get(ImageServer server, String path) throws Exception {
    return client.send(request(server, path).build(), BodyHandlers.ofByteArray());
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  @Test
  void answersTheImageThatThePipelineMakes() throws Exception {
    try (var pipeline = DiffusionPipeline.open(MODEL).steps(2).build();
        ImageServer server = ImageServer.start(0, ImageSource.of(pipeline), Limits.standard())) {
      HttpResponse<byte[]> response = get(server, "/image?class=ankle%20boot&seed=7");
      assertEquals(200, response.statusCode(), text(response));
      assertEquals("image/png", response.headers().firstValue("Content-Type").orElseThrow());
      BufferedImage expected =
          pipeline
              .generate(GenerationRequest.of(1, 7).withClassNames("ankle boot"))
              .images()
              .toBufferedImage(0);
      assertArrayEquals(pixels(expected), pixels(decode(response.body())));
      assertArrayEquals(
          response.body(), get(server, "/image?seed=7&class=Ankle+boot").body(), "again");

      HttpResponse<byte[]> wrong = get(server, "/image?class=spaceship");
      assertEquals(400, wrong.statusCode());
      assertTrue(text(wrong).contains("spaceship"), text(wrong));
    }
  }

  private static BufferedImage decode(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static int[] pixels(BufferedImage image) {
    return image.getData().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
  }

  @ParameterizedTest
  @CsvSource({
    "/image?sede=7, sede=7",
    "/image?seed, seed",
    "/image?seed=x, x",
    "/image?seed=1&seed=2, two"
  })
  void namesWhatIsWrongWithAQuery(String path, String named) throws Exception {
    try (ImageServer server = ImageServer.start(0, NOTHING, Limits.standard())) {
      HttpResponse<byte[]> response = get(server, path);
      assertEquals(400, response.statusCode());
      assertTrue(text(response).contains(named), text(response));
    }
  }

  @Test
  void knowsOnePathAndOneMethod() throws Exception {
    try (ImageServer server = ImageServer.start(0, NOTHING, Limits.standard())) {
      assertEquals(404, get(server, "/images").statusCode());
      HttpResponse<Void> response =
          client.send(request(server, "/image").DELETE().build(), BodyHandlers.discarding());
      assertEquals(405, response.statusCode());
      assertEquals("GET", response.headers().firstValue("Allow").orElseThrow());
    }
  }

  @Test
  void answers503WhenTooManyWaitAnd504AtTheDeadline() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    ImageSource slow =
        (request, cancellation) -> {
          busy.countDown();
          while (true) {
            cancellation.throwIfCancelled();
            Thread.onSpinWait();
          }
        };
    try (ImageServer server = ImageServer.start(0, slow, new Limits(1, 1, Duration.ofSeconds(1)))) {
      CompletableFuture<Integer> first = status(server);
      assertTrue(busy.await(30, TimeUnit.SECONDS));
      CompletableFuture<Integer> second = status(server);
      CompletableFuture<Integer> third = status(server);
      assertEquals(503, CompletableFuture.anyOf(second, third).get());
      assertEquals(504, first.get());
      assertEquals(503 + 504, second.get() + third.get());
    }
  }

  private CompletableFuture<Integer> status(ImageServer server) {
    return client
        .sendAsync(request(server, "/image").build(), BodyHandlers.discarding())
        .thenApply(HttpResponse::statusCode);
  }

  @Test
  void closeAnswersThoseWhoWait() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    ImageSource endless =
        (request, cancellation) -> {
          busy.countDown();
          while (true) {
            cancellation.throwIfCancelled();
            Thread.onSpinWait();
          }
        };
    ImageServer server = ImageServer.start(0, endless, Limits.standard());
    CompletableFuture<Integer> waiting = status(server);
    assertTrue(busy.await(30, TimeUnit.SECONDS));
    server.close();
    assertEquals(503, waiting.get());
  }

  @Test
  void answers500ForWhatNobodyExpected() throws Exception {
    ImageSource broken =
        (request, cancellation) -> {
          throw new IllegalStateException("a failure that the test wants");
        };
    try (ImageServer server = ImageServer.start(0, broken, Limits.standard())) {
      assertEquals(500, get(server, "/image").statusCode());
    }
  }
}
