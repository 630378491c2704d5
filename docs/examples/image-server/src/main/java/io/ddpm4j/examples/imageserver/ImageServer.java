package io.ddpm4j.examples.imageserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * {@code GET /image?class=NAME&seed=NUMBER} on the loopback address. Answers a PNG file, or one
 * sentence of text with the status
 *
 * <ul>
 *   <li>400 for a request that no image fits,
 *   <li>503 if too many requests wait, or the server is being closed,
 *   <li>504 if the image was not ready at the deadline.
 * </ul>
 *
 * <p>The JDK's server does not tell that a client has gone: its image is made all the same, at most
 * until the deadline.
 */
final class ImageServer implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";

  private final ImageService service;
  private final HttpServer http;
  private final ExecutorService threads;

  private record Answer(int status, String type, byte[] body) {
    static Answer text(int status, String sentence) {
      return new Answer(status, TEXT, (sentence + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Starts a server.
   *
   * @param port 0 for any that is free
   * @throws IOException if the port is taken
   */
  static ImageServer start(int port, ImageSource source, Limits limits) throws IOException {
    ImageServer server = new ImageServer(port, source, limits);
    server.http.start();
    return server;
  }

  private ImageServer(int port, ImageSource source, Limits limits) throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    service = new ImageService(source, limits);
    // They only wait for the workers. From Java 21 on: newVirtualThreadPerTaskExecutor().
    threads = Executors.newCachedThreadPool();
    http.setExecutor(threads);
    http.createContext("/", this::handle);
  }

  /** The port in use. */
  int port() {
    return http.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer = answer(exchange);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      if (answer.status() == 503) {
        exchange.getResponseHeaders().set("Retry-After", "1");
      }
      exchange.sendResponseHeaders(answer.status(), answer.body().length);
      exchange.getResponseBody().write(answer.body());
    }
  }

  private Answer answer(HttpExchange exchange) {
    if (!exchange.getRequestURI().getPath().equals("/image")) {
      return Answer.text(404, "expected /image?class=NAME&seed=NUMBER");
    }
    if (!exchange.getRequestMethod().equals("GET")) {
      exchange.getResponseHeaders().set("Allow", "GET");
      return Answer.text(405, "expected GET, found " + exchange.getRequestMethod());
    }
    try {
      ImageRequest request = ImageRequest.parse(exchange.getRequestURI().getRawQuery());
      return new Answer(200, "image/png", service.png(request));
    } catch (ExecutionException e) {
      return failed(e.getCause());
    } catch (IllegalArgumentException e) {
      return Answer.text(400, e.getMessage());
    } catch (TimeoutException e) {
      return Answer.text(504, "the image was not ready at the deadline");
    } catch (RejectedExecutionException e) {
      return Answer.text(503, "too many requests wait; try again later");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.text(503, "the server is being closed");
    }
  }

  private static Answer failed(Throwable cause) {
    if (cause instanceof IllegalArgumentException) { // the model has no such class
      return Answer.text(400, cause.getMessage());
    }
    if (cause instanceof CancellationException) {
      return Answer.text(503, "the server is being closed");
    }
    System.getLogger(ImageServer.class.getName())
        .log(System.Logger.Level.ERROR, "an image could not be made", cause);
    return Answer.text(500, "the image could not be made; the server's log says why");
  }

  /** Answers those who wait with 503, then ends. Returns when no thread works any more. */
  @Override
  public void close() {
    service.close();
    threads.shutdown();
    Threads.awaitEnd(threads);
    http.stop(0);
  }
}
