package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Python's ONNX checker accepts networks in every form, with all shapes inferred; runs where
 * python3 with the package onnx is.
 */
@Tag("slow")
class FormsCheckerTest {
  private static final OnnxWriter.Options WITH_SHAPES =
      OnnxWriter.Options.DEFAULT.withValueInfo(true);

  @TempDir Path folder;

  /** Every operator set, in each of them one more thing. */
  private static List<ModelForm> forms(int batch) {
    List<ModelForm> forms = new ArrayList<>();
    for (int version = OpsetConversion.OLDEST; version <= OpsetConversion.NEWEST; version++) {
      ModelForm form = ModelForm.UNCHANGED.withOpset(version);
      forms.add(form);
      forms.add(
          switch (version % 3) {
            case 0 -> form.withHalf(version % 2 == 0).withBatch(batch);
            case 1 -> form.withInt8();
            default -> form.withHalf(true);
          });
    }
    return forms;
  }

  @Test
  void theFullCheckAcceptsEveryForm() throws Exception {
    assumeTrue(Python.hasOnnx(), "skipped: no python3 with the package onnx");
    check(TransformNetworks.all());
  }

  @Test
  void theFullCheckAcceptsEveryFormOfStoredNetworks() throws Exception {
    assumeTrue(Python.hasOnnx(), "skipped: no python3 with the package onnx");
    check(TransformNetworks.stored());
  }

  private void check(List<TransformNetworks.Network> networks)
      throws IOException, InterruptedException {
    List<String> files = new ArrayList<>();
    for (TransformNetworks.Network network : networks) {
      for (ModelForm form : forms(network.batch())) {
        Path file = folder.resolve(files.size() + ".onnx");
        OnnxWriter.write(form.apply(network.model()), file, WITH_SHAPES);
        files.add(file.toString());
      }
    }
    assertTrue(files.size() >= 4 * 18, "checked: " + files.size());
    Path list = Files.write(folder.resolve("list.txt"), files);
    assertEquals("", Python.check(list), "what the checker says");
  }
}
