package io.ddpm4j.examples.imageserver;

import io.ddpm4j.runtime.DiffusionPipeline;
import java.io.IOException;
import java.nio.file.Path;

/** The program: {@code MODEL [PORT [STEPS]]}. */
public final class Main {
  private static final int PORT = 8080;
  private static final int STEPS = 50;

  private Main() {}

  /**
   * Serves images until the process is told to end, by Ctrl-C or SIGTERM.
   *
   * @param args the model's file or folder, the port (0: any), the steps of an image
   */
  public static void main(String[] args) {
    if (args.length < 1 || args.length > 3) {
      System.err.println("usage: java -jar image-server.jar MODEL [PORT [STEPS]]");
      System.exit(2);
    }
    try {
      int port = args.length > 1 ? Integer.parseInt(args[1]) : PORT;
      int steps = args.length > 2 ? Integer.parseInt(args[2]) : STEPS;
      serve(Path.of(args[0]), port, steps);
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("image-server: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void serve(Path model, int port, int steps) throws IOException {
    DiffusionPipeline pipeline = DiffusionPipeline.open(model).steps(steps).build();
    ImageServer server = ImageServer.start(port, ImageSource.of(pipeline), Limits.standard());
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  server.close(); // waits for the last run: nothing uses the pipeline any more
                  pipeline.close();
                }));
    System.out.println("http://127.0.0.1:" + server.port() + "/image?seed=7");
    System.out.println("classes: " + String.join(", ", pipeline.metadata().classNames()));
  }
}
