package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.proto.GraphOutline;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A picture of a network as SVG. A graph of many nodes is drawn module by module, as the names of
 * its nodes tell; data flow from left to right, and feature maps of one size stand in one row. What
 * is computed from constants or shapes alone is left out. The same outline always gives the same
 * text.
 */
public final class GraphDrawing {
  private static final int LETTERS = 23; // that fit into a block
  private static final int TITLE = 34; // height of what stands above the picture
  private static final int LEGEND = 30;
  private static final int FRAME = 12; // from what is drawn around to what is inside
  private static final int CAPTION = 24; // height of what stands in a frame, above the blocks

  /** What a block does, with its colour; the first that applies counts. */
  private enum Look {
    END("input, output", "#ffffff"),
    ATTENTION("attention", "#fbe0c3"),
    DOWN("smaller", "#dfe9c8"),
    UP("larger", "#f6d5dc"),
    CONVOLUTION("convolutions", "#cfe0f2"),
    LINEAR("matrices", "#e2d9ef"),
    OTHER("other", "#ebebeb");

    final String words;
    final String colour;

    Look(String words, String colour) {
      this.words = words;
      this.colour = colour;
    }
  }

  private final List<Block> blocks;
  private final Layout layout;
  private final StringBuilder svg = new StringBuilder();

  private GraphDrawing(GraphOutline outline) {
    this.blocks = Blocks.of(outline);
    this.layout = new Layout(blocks);
  }

  /**
   * Draws.
   *
   * @param title stands above; may be empty
   * @return the text of an SVG file
   */
  public static String svg(GraphOutline outline, String title) {
    return new GraphDrawing(outline).draw(title, "");
  }

  /**
   * Draws the body of a loop in a frame.
   *
   * @param title stands above; may be empty
   * @param loop what is repeated how often, which stands in the frame
   * @return the text of an SVG file
   */
  public static String loop(GraphOutline body, String title, String loop) {
    return new GraphDrawing(body).draw(title, loop);
  }

  private String draw(String title, String loop) {
    int frame = loop.isEmpty() ? 0 : FRAME;
    int caption = loop.isEmpty() ? 0 : CAPTION;
    int width = Math.max(layout.width() + 2 * frame, 760);
    double height = layout.height() + 2 * frame + caption + TITLE + LEGEND;
    add(
        "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' viewBox='0 0 %d %.0f'"
            + " font-family='system-ui, sans-serif' font-size='11' fill='#222222'>\n",
        width, height, width, height);
    add("<title>%s</title>\n", escape(title));
    add("<rect width='100%%' height='100%%' fill='#ffffff'/>\n");
    add("<text x='24' y='26' font-size='15' font-weight='600'>%s</text>\n", escape(title));
    if (!loop.isEmpty()) {
      add(
          "<rect x='%d' y='%d' width='%d' height='%.0f' rx='10' fill='none' stroke='#5c6670'"
              + " stroke-dasharray='6 4'/>\n",
          FRAME, TITLE + FRAME, width - 2 * FRAME, layout.height() + caption);
      add(
          "<text x='%d' y='%d' font-weight='600'>%s</text>\n",
          2 * FRAME, TITLE + FRAME + 18, escape(loop));
    }
    add("<g transform='translate(%d %d)'>\n", frame, TITLE + frame + caption);
    for (int block = 0; block < blocks.size(); block++) { // below the blocks
      for (int source : blocks.get(block).sources()) {
        line(source, block);
      }
    }
    for (int block = 0; block < blocks.size(); block++) {
      box(block);
    }
    add("</g>\n");
    legend(height - 14);
    return svg.append("</svg>\n").toString();
  }

  private void line(int from, int to) {
    double startX = layout.left(from) + Layout.WIDTH;
    double startY = layout.top(from) + Layout.HEIGHT / 2.0;
    double endX = layout.left(to);
    double endY = layout.top(to) + Layout.HEIGHT / 2.0;
    String path;
    if (layout.isDirect(from, to)) {
      double bend = Math.max(Layout.GAP / 2.0, Math.abs(endX - startX) / 2);
      path =
          text(
              "M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f",
              startX, startY, startX + bend, startY, endX - bend, endY, endX, endY);
    } else { // from the top of one to the top of the other
      double lane = layout.lane(from, to);
      double leave = startX - 30;
      double arrive = endX + 30;
      path =
          text("M%.1f %.1fV%.1fH%.1fV%.1f", leave, layout.top(from), lane, arrive, layout.top(to));
    }
    add("<path d='%s' fill='none' stroke='#7a8691' stroke-width='1.3'/>\n", path);
  }

  private void box(int index) {
    Block block = blocks.get(index);
    double x = layout.left(index);
    double y = layout.top(index);
    Look look = look(block);
    add("<g transform='translate(%.1f %.1f)'>\n", x, y);
    add("<title>%s</title>\n", escape(description(block)));
    add(
        "<rect width='%d' height='%d' rx='%d' fill='%s' stroke='#5c6670'/>\n",
        Layout.WIDTH, Layout.HEIGHT, look == Look.END ? 24 : 5, look.colour);
    int cut = block.title().lastIndexOf('/');
    words(15, "#5c6670", 400, cut < 0 ? "" : block.title().substring(0, cut));
    words(28, "#222222", 600, last(block.title()));
    words(
        41, "#444444", 400, block.parameters() == 0 ? "" : text("%,d weights", block.parameters()));
    words(54, "#444444", 400, block.shape() == null ? "" : shape(block.shape()));
    words(67, "#5c6670", 400, fed(block));
    add("</g>\n");
  }

  private void words(int y, String colour, int weight, String words) {
    if (!words.isEmpty()) {
      add(
          "<text x='%d' y='%d' text-anchor='middle' fill='%s' font-weight='%d'>%s</text>\n",
          Layout.WIDTH / 2, y, colour, weight, escape(shorten(words, LETTERS)));
    }
  }

  private static String shape(Shape shape) {
    return shape.toString().replace(" ", "");
  }

  private static String last(String title) {
    return title.substring(title.lastIndexOf('/') + 1);
  }

  /** What comes without a line. */
  private String fed(Block block) {
    return block.broadcasts().stream()
        .map(source -> "+ " + last(blocks.get(source).title()))
        .collect(Collectors.joining(" "));
  }

  private String description(Block block) {
    StringBuilder words = new StringBuilder(block.title());
    block.operators().forEach((op, count) -> words.append('\n').append(count + " " + op));
    if (block.parameters() > 0) {
      words.append(text("%n%,d weights", block.parameters()));
    }
    if (block.shape() != null) {
      words.append("\ngives ").append(block.shape());
    }
    block
        .broadcasts()
        .forEach(source -> words.append("\ntakes ").append(blocks.get(source).title()));
    return words.toString();
  }

  private Look look(Block block) {
    if (block.kind() != Block.Kind.NODES) {
      return Look.END;
    }
    Map<String, Integer> operators = block.operators();
    if (operators.containsKey("Softmax") || operators.containsKey("Attention")) {
      return Look.ATTENTION;
    }
    long own = block.area();
    long least = Long.MAX_VALUE; // of the sources
    long greatest = -1;
    for (int source : block.sources()) {
      long area = blocks.get(source).area();
      least = area < 0 ? least : Math.min(least, area);
      greatest = Math.max(greatest, area);
    }
    if (own >= 0 && greatest >= 0) {
      if (own < least) {
        return Look.DOWN;
      }
      if (own > greatest) {
        return Look.UP;
      }
    }
    if (operators.keySet().stream().anyMatch(op -> op.contains("Conv"))) {
      return Look.CONVOLUTION;
    }
    boolean matrices = operators.keySet().stream().anyMatch(op -> op.matches(".*(MatMul|Gemm).*"));
    return matrices ? Look.LINEAR : Look.OTHER;
  }

  private void legend(double y) {
    double x = 24;
    for (Look look : Look.values()) {
      if (blocks.stream().anyMatch(block -> look(block) == look)) {
        add(
            "<rect x='%.0f' y='%.0f' width='12' height='12' rx='2' fill='%s' stroke='#5c6670'/>\n",
            x, y - 10, look.colour);
        add("<text x='%.0f' y='%.0f'>%s</text>\n", x + 18, y, look.words);
        x += 40 + 6.5 * look.words.length();
      }
    }
  }

  private static String shorten(String words, int most) {
    return words.length() <= most ? words : words.substring(0, most - 1) + "…";
  }

  private void add(String format, Object... arguments) {
    svg.append(text(format, arguments));
  }

  private static String text(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /** Names in a file may hold anything; XML may not. */
  private static String escape(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '&' -> safe.append("&amp;");
                case '\'' -> safe.append("&#39;");
                case '"' -> safe.append("&quot;");
                case '\n', '\t' -> safe.appendCodePoint(c);
                default -> {
                  boolean legal =
                      c >= 0x20 && c != 0xFFFE && c != 0xFFFF && (c < 0xD800 || c > 0xDFFF);
                  safe.appendCodePoint(legal ? c : 0xFFFD);
                }
              }
            });
    return safe.toString();
  }
}
