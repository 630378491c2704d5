package io.ddpm4j.exporter.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.GraphOutline;
import io.ddpm4j.exporter.proto.GraphOutline.Operator;
import io.ddpm4j.exporter.proto.ModelSummary.Port;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What a drawing shows, and where. */
class GraphDrawingTest {
  @TempDir private Path folder;

  private GraphOutline unet() throws IOException {
    UNetConfig config =
        UNetConfig.of(16, 3, List.of(8, 16, 16), List.of(false, false, true), 1, 4, 8, 5);
    OnnxModel model = OnnxModel.of(UNet.portable(config, UNet.parameters(config).initialize(1)));
    Path file = folder.resolve("unet.onnx");
    OnnxWriter.write(model, file);
    return OnnxReader.read(file).outline();
  }

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void everyModuleOfAUNetIsABox() throws Exception {
    Document svg = parse(GraphDrawing.svg(unet(), "a network"));
    List<String> titles = new ArrayList<>();
    NodeList groups = svg.getElementsByTagName("g");
    for (int k = 1; k < groups.getLength(); k++) { // the first holds the others
      Element title = (Element) ((Element) groups.item(k)).getElementsByTagName("title").item(0);
      titles.add(title.getTextContent().lines().findFirst().orElseThrow());
    }
    assertEquals(
        List.of(
            "sample",
            "timestep",
            "class_labels",
            "time_embedding",
            "conv_in",
            "down_blocks.0/resnets.0",
            "down_blocks.0/downsamplers.0",
            "down_blocks.1/resnets.0",
            "down_blocks.1/downsamplers.0",
            "down_blocks.2/resnets.0",
            "down_blocks.2/attentions.0",
            "mid_block/resnets.0",
            "mid_block/attentions.0",
            "mid_block/resnets.1",
            "up_blocks.0/resnets.0",
            "up_blocks.0/attentions.0",
            "up_blocks.0/resnets.1",
            "up_blocks.0/attentions.1",
            "up_blocks.0/upsamplers.0",
            "up_blocks.1/resnets.0",
            "up_blocks.1/resnets.1",
            "up_blocks.1/upsamplers.0",
            "up_blocks.2/resnets.0",
            "up_blocks.2/resnets.1",
            "conv_out",
            "out_sample"),
        titles);
    String text = svg.getDocumentElement().getTextContent();
    assertTrue(text.contains("[batch,16,4,4]"), text);
    assertTrue(text.contains("+ time_embedding"), text);
  }

  @Test
  void theWeightsOfAllBoxesAreTheNetworks() throws IOException {
    GraphOutline outline = unet();
    long weights =
        outline.constants().entrySet().stream()
            .filter(entry -> !entry.getKey().startsWith("constant_"))
            .mapToLong(Map.Entry::getValue)
            .sum();
    long drawn = Blocks.of(outline).stream().mapToLong(Block::parameters).sum();
    // A few constants of one module only, such as the frequencies of the time embedding.
    assertTrue(drawn >= weights && drawn < weights * 1.02, drawn + " of " + weights);
  }

  @Test
  void noBoxLiesOnAnother() throws IOException {
    List<Block> blocks = Blocks.of(unet());
    Layout layout = new Layout(blocks);
    for (int a = 0; a < blocks.size(); a++) {
      for (int b = 0; b < a; b++) {
        boolean apart =
            Math.abs(layout.left(a) - layout.left(b)) >= Layout.WIDTH
                || Math.abs(layout.top(a) - layout.top(b)) >= Layout.HEIGHT;
        assertTrue(apart, blocks.get(a) + " and " + blocks.get(b));
      }
      assertTrue(layout.left(a) >= 0 && layout.left(a) + Layout.WIDTH <= layout.width());
      assertTrue(layout.top(a) >= 0 && layout.top(a) + Layout.HEIGHT <= layout.height());
    }
  }

  @Test
  void dataFlowFromLeftToRightAndSmallerMapsStandBelow() throws IOException {
    List<Block> blocks = Blocks.of(unet());
    Layout layout = new Layout(blocks);
    for (int block = 0; block < blocks.size(); block++) {
      for (int source : blocks.get(block).sources()) {
        assertTrue(layout.left(source) < layout.left(block));
        if (blocks.get(source).area() > blocks.get(block).area() && blocks.get(block).area() > 0) {
          assertTrue(layout.top(source) < layout.top(block));
        }
      }
    }
  }

  @Test
  void linesThatPassAboveARowDoNotMeet() throws IOException {
    List<Block> blocks = Blocks.of(unet());
    Layout layout = new Layout(blocks);
    List<double[]> lines = new ArrayList<>(); // from, to, height
    for (int block = 0; block < blocks.size(); block++) {
      for (int source : blocks.get(block).sources()) {
        if (!layout.isDirect(source, block)) {
          lines.add(
              new double[] {layout.left(source), layout.left(block), layout.lane(source, block)});
        }
      }
    }
    assertEquals(6, lines.size()); // skip connections
    for (int a = 0; a < lines.size(); a++) {
      for (int b = 0; b < a; b++) {
        boolean beside = lines.get(a)[1] < lines.get(b)[0] || lines.get(b)[1] < lines.get(a)[0];
        assertTrue(beside || lines.get(a)[2] != lines.get(b)[2]);
      }
    }
  }

  @Test
  void namesMayHoldAnything() throws Exception {
    String name = "a<b>&'\"\u0001\uD800";
    GraphOutline outline =
        new GraphOutline(
            List.of(new Port(name, "float", null)),
            List.of(new Port("y", "float", null)),
            List.of(new Operator(name, "my.domain:Op<1>", List.of(name), List.of("y"))),
            Map.of(),
            Map.of());
    String svg = GraphDrawing.svg(outline, name);
    assertTrue(parse(svg).getDocumentElement().getTextContent().contains("a<b>&'\"\uFFFD\uFFFD"));
    assertTrue(svg.contains("my.domain:Op&lt;1&gt;"));
  }

  @Test
  void anEmptyGraphIsDrawn() throws Exception {
    GraphOutline nothing = new GraphOutline(List.of(), List.of(), List.of(), Map.of(), Map.of());
    assertFalse(parse(GraphDrawing.svg(nothing, "")).getDocumentElement().getTagName().isEmpty());
  }

  @Test
  void theSameNetworkGivesTheSameText() throws IOException {
    assertEquals(GraphDrawing.svg(unet(), "x"), GraphDrawing.svg(unet(), "x"));
  }
}
