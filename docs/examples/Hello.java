import io.ddpm4j.runtime.DiffusionPipeline;
import java.nio.file.Path;

class Hello {
  public static void main(String[] args) throws Exception {
    try (var pipeline = DiffusionPipeline.open(Path.of("models/fashion-mnist")).steps(20).build()) {
      pipeline.generate(16, 42L).writeGrid(Path.of("hello.png"));
    }
  }
}
