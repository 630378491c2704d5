package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Code bases are told apart by names alone. */
class FamilyTest {
  private static final Map<Family, Set<String>> NAMES =
      Map.of(
          Family.DIFFUSERS,
          Set.of(
              "conv_in.weight",
              "conv_norm_out.weight",
              "conv_out.weight",
              "mid_block.attentions.0.query.weight"),
          Family.OPENAI,
          Set.of("input_blocks.0.0.weight", "output_blocks.0.0.in_layers.0.weight", "out.2.bias"),
          Family.LUCIDRAINS,
          Set.of("init_conv.weight", "final_conv.weight", "mid_block1.mlp.1.weight"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "model.",
        "module.",
        "ema_model.model.",
        "ema.ema_model.module.model.",
        "net."
      })
  void whateverStandsBeforeTheNames(String prefix) throws ConversionException {
    for (Family family : NAMES.keySet()) {
      assertEquals(family, Family.of(prefixed(prefix, NAMES.get(family))));
    }
  }

  @Test
  void aRunHasMomentsOfItsWeights() throws ConversionException {
    Set<String> names = new LinkedHashSet<>();
    for (String part : List.of("weights.", "first_moment.", "second_moment.", "ema.")) {
      names.addAll(prefixed(part, NAMES.get(Family.DIFFUSERS)));
    }
    assertEquals(Family.RUN, Family.of(names));
  }

  @ParameterizedTest
  @CsvSource({
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight, UNet2DConditionModel",
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.norm1.weight, Stable Diffusion",
    "encoder.conv_in.weight, autoencoder",
    "quantize.embedding.weight, VQModel",
    "up_blocks.1.temp_attentions.0.norm.weight, UNet3DConditionModel",
    "vae.quant_conv.weight, autoencoder",
    "unet.transformer_blocks.11.ff.weight, a transformer",
    "blocks.3.adaLN_modulation.1.weight, DiT",
    "temb.dense.0.weight, Song et al.",
    "module.all_modules.0.weight, score_sde",
    "text_model.encoder.layers.0.mlp.fc1.weight, text encoder",
    "out.2.positional_embedding, EncoderUNetModel",
    "features.0.weight, features.0.weight"
  })
  void anotherNetworkIsNamedInOneSentence(String name, String what) {
    Set<String> names = new LinkedHashSet<>(Set.of(name));
    names.add("conv_in.weight");
    Exception e = assertThrows(ConversionException.class, () -> Family.of(names));
    assertTrue(
        e.getMessage().startsWith("expected a checkpoint of UNet2DModel, UNetModel or Unet, found"),
        e.getMessage());
    String found = e.getMessage().substring(e.getMessage().indexOf("found"));
    assertTrue(found.contains(what) || found.contains("other names"), e.getMessage());
    assertEquals(-1, e.getMessage().indexOf('\n'));
  }

  /** Names come from files: those that almost match take no longer than others. */
  @Test
  void namesThatAlmostMatchTakeNoTime() {
    Set<String> names = new LinkedHashSet<>();
    for (String part : List.of("input_blocks.", "down_blocks.", "opt.", "ema.", "blocks.0.")) {
      for (int k = 0; k < 2; k++) {
        names.add(k + "." + part.repeat(20_000) + "\n");
      }
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> assertThrows(ConversionException.class, () -> Family.of(names)));
  }

  @Test
  void nothingIsNoNetwork() {
    Exception e = assertThrows(ConversionException.class, () -> Family.of(Set.of()));
    assertTrue(e.getMessage().endsWith("found 0 tensors of other names"), e.getMessage());
  }

  private static Set<String> prefixed(String prefix, Set<String> names) {
    return names.stream().map(name -> prefix + name).collect(Collectors.toSet());
  }
}
