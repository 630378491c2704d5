package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class UNetConfigTest {

  private static void refuses(String json, String message) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> UNetConfig.fromJson(json), json);
    assertEquals("U-Net config: " + message, e.getMessage());
  }

  @Test
  void theBuildersDefaultsAreThoseOfAnEmptyFile() {
    assertEquals(UNetConfig.fromJson("{}"), UNetConfig.builder().build());
    assertEquals(8, UNetConfig.builder().build().attentionHeadDim());
    assertEquals(0, UNetConfig.fromJson("{\"attention_head_dim\": null}").attentionHeadDim());
    assertEquals(32, UNetConfig.fromJson("{\"sample_size\": [32, 32]}").sampleSize());
  }

  @Test
  void whatIsNoConfigIsOneSentence() {
    for (String json : List.of("", "[]", "{", "{} {}", "{in_channels: 3}", "null", "3")) {
      refuses(json, "expected a JSON object, found " + json);
    }
    refuses("{\"a\": 1}", "a: expected a field of UNet2DModel, found a");
  }

  @Test
  void everyFieldIsHeldAgainstItsType() {
    for (String wrong : List.of("null", "\"x\"", "[[]]", "{}", "true")) {
      refuses(
          "{\"block_out_channels\": [" + wrong + "]}",
          "block_out_channels: expected a number, found " + wrong);
      refuses("{\"norm_eps\": " + wrong + "}", "norm_eps: expected a number, found " + wrong);
    }
    refuses("{\"in_channels\": 2.5}", "in_channels: expected an integer, found 2.5");
    refuses("{\"in_channels\": 5e9}", "in_channels: expected an integer, found 5e9");
    refuses("{\"norm_eps\": 1e999}", "norm_eps: expected a number, found 1e999");
    refuses("{\"add_attention\": 1}", "add_attention: expected true or false, found 1");
    refuses(
        "{\"down_block_types\": [null]}",
        "down_block_types: expected blocks of"
            + " [DownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D, SkipDownBlock2D,"
            + " AttnSkipDownBlock2D, KDownBlock2D], found null");
    refuses(
        "{\"mid_block_type\": \"UNetMidBlock3D\"}",
        "mid_block_type: expected one of [UNetMidBlock2D], found \"UNetMidBlock3D\"");
    refuses(
        "{\"class_embed_type\": \"projection\"}",
        "class_embed_type: expected one of [timestep, identity], found \"projection\"");
    refuses(
        "{\"sample_size\": [32]}",
        "sample_size: expected a number, or height and width, found [32]");
  }

  @Test
  void everyFieldHasItsRange() {
    refuses(
        "{\"layers_per_block\": 2000000000}",
        "layers_per_block: expected 1 to 100, found 2000000000");
    refuses("{\"downsample_padding\": 2}", "downsample_padding: expected 0 to 1, found 2");
    refuses(
        "{\"attn_norm_num_groups\": 5}",
        "attn_norm_num_groups: expected a divisor of the last level's 896 channels, found 5");
    refuses(
        "{\"freq_shift\": 112}",
        "freq_shift: expected a number below half of the first level's channels, found 112.0");
    refuses(
        "{\"sample_size\": 28}", "sample_size: expected a multiple of 8 for 4 levels, found 28");
    int levels = 33; // 1 << 32 is 1
    UNetConfigBuilder deep =
        UNetConfig.builder()
            .blockOutChannels(Collections.nCopies(levels, 32))
            .downBlockTypes(Collections.nCopies(levels, BlockType.PLAIN))
            .upBlockTypes(Collections.nCopies(levels, BlockType.PLAIN));
    Exception e = assertThrows(IllegalArgumentException.class, deep::build);
    assertTrue(e.getMessage().contains("1 to 16 levels, found 33 levels"), e.getMessage());
  }
}
