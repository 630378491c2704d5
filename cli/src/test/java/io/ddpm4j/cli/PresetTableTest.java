package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.loop.DiffusionConfig;
import io.ddpm4j.trainer.loop.NetworkConfig;
import io.ddpm4j.trainer.loop.OptimizerConfig;
import io.ddpm4j.trainer.loop.Preset;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/training.md says the numbers of the presets. */
class PresetTableTest {
  private static String document() throws IOException {
    return Files.readString(Documents.ROOT.resolve("docs/training.md"));
  }

  @Test
  void theTableHoldsThePresetsNumbers() throws IOException {
    Map<String, List<String>> rows = Documents.table(document(), "## Presets");
    List<String> header = rows.remove("");
    assertEquals(List.of("`tiny` (default)", "`small`", "`base`", "option"), header);
    assertEquals(8, rows.size(), rows.toString());
    rows.forEach(
        (name, cells) -> {
          for (Preset preset : Preset.values()) {
            assertEquals(expected(name, preset), cells.get(preset.ordinal()), preset + ", " + name);
          }
        });
  }

  private static String expected(String row, Preset preset) {
    NetworkConfig network = preset.network();
    return switch (row) {
      case "parameters, about" ->
          String.format(Locale.ROOT, "%.1f million", parameters(network) / 1e6);
      case "channels of each level" -> joined(network.channels().stream());
      case "levels with attention, and the middle" ->
          joined(
              IntStream.rangeClosed(1, network.attention().size())
                  .filter(level -> network.attention().get(level - 1))
                  .boxed());
      case "ResNet blocks of a level" -> "" + network.layersPerBlock();
      case "groups of the group norms" -> "" + network.groups();
      case "channels of an attention head" -> "" + network.attentionHeadDim();
      case "learning rate" -> decimal(preset.optimizer().learningRate());
      case "EMA decay" -> decimal(preset.optimizer().emaDecay());
      default -> throw new AssertionError("a row that no test knows: " + row);
    };
  }

  private static long parameters(NetworkConfig network) {
    ImageDataset shapes = new ShapesDataset(1, ShapesDataset.DEFAULT_IMAGE_SIZE, 0);
    return UNet.parameters(network.unet(shapes)).count();
  }

  @Test
  void whatIsTheSameForAll() throws IOException {
    DiffusionConfig diffusion = Preset.diffusion();
    for (Preset preset : Preset.values()) {
      OptimizerConfig optimizer = preset.optimizer();
      String expected =
          ("batches of %d (`--batch-size`), Adam with %s, %s and 1e-8 (`--beta1`, `--beta2`,"
                  + " `--epsilon`), %d steps of warm-up (`--warmup-steps`), gradients clipped to"
                  + " norm %s (`--max-gradient-norm`, 0 for no clipping), and the %s schedule of %d timesteps from %s"
                  + " to %s, predicting ε")
              .formatted(
                  optimizer.batchSize(),
                  decimal(optimizer.beta1()),
                  decimal(optimizer.beta2()),
                  optimizer.warmupSteps(),
                  decimal(optimizer.maxGradientNorm()),
                  diffusion.betaSchedule(),
                  diffusion.trainTimesteps(),
                  decimal(diffusion.betaStart()),
                  decimal(diffusion.betaEnd()));
      assertTrue(document().replaceAll("\\s+", " ").contains(expected), expected);
      assertEquals(1e-8, optimizer.epsilon());
      assertEquals("epsilon", diffusion.predictionType());
    }
  }

  private static String joined(Stream<Integer> numbers) {
    return numbers.map(String::valueOf).collect(Collectors.joining(", "));
  }

  private static String decimal(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }
}
