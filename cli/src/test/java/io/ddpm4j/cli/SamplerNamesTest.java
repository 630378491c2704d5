package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** The samplers that the documents count and name are those that there are. */
class SamplerNamesTest {
  @Test
  void theReadmeCountsThem() throws IOException {
    String readme = Files.readString(Documents.ROOT.resolve("README.md"));
    String count = "\n" + Samplers.names().size() + " [samplers](docs/samplers.md)";
    assertTrue(readme.contains(count), "expected in README.md:" + count);
  }

  @Test
  void theirPageNamesThem() throws IOException {
    String page = Files.readString(Documents.ROOT.resolve("docs/samplers.md"));
    for (String name : Samplers.names()) {
      assertTrue(page.contains("`" + name + "`"), "expected in docs/samplers.md: " + name);
    }
  }
}
