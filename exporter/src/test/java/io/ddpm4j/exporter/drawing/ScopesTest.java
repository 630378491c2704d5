package io.ddpm4j.exporter.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.proto.GraphOutline.Operator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the names of nodes tell. */
class ScopesTest {
  private static Scopes of(String... names) {
    return new Scopes(
        Stream.of(names).map(name -> new Operator(name, "Op", List.of(), List.of())).toList());
  }

  @Test
  void oursAndPyTorchsNamesTellTheSame() {
    Scopes ours = of("down_blocks.0.resnets.1/Conv_37", "mid_block/Conv_1");
    Scopes torchs = of("/m/down_blocks.0/resnets.1/Conv", "/m/mid_block/Conv");
    for (int depth = 0; depth < 3; depth++) {
      assertEquals(ours.of(0, depth), torchs.of(0, depth));
      assertEquals(ours.of(1, depth), torchs.of(1, depth));
    }
    assertEquals("down_blocks.0/resnets.1", ours.of(0, 2));
    assertEquals("down_blocks.0", ours.of(0, 1));
    assertEquals("", ours.of(0, 0));
  }

  @Test
  void nodesOutsideOfModulesDoNotHinderWhatOthersShare() {
    Scopes scopes = of("Add_1", "/net/a/Conv", "", "/net/b.0.1/Conv");
    assertEquals("", scopes.of(0, 2));
    assertEquals("a", scopes.of(1, 2));
    assertEquals("", scopes.of(2, 2));
    assertEquals("b.0.1", scopes.of(3, 2));
    assertEquals(1, scopes.deepest());
  }

  @Test
  void numbersBelongToTheWordBeforeThem() {
    assertEquals(
        "input_blocks.4.0/in_layers.2", of("input_blocks.4.0.in_layers.2/Conv", "x/y").of(0, 9));
    assertEquals("3x3/conv", of("3x3.conv/Conv", "x/y").of(0, 9));
    assertEquals("7", of("7/Conv", "x/y").of(0, 9));
  }
}
