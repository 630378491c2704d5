package io.ddpm4j.exporter.drawing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where blocks stand: data flow from left to right, feature maps of one size stand in one row, the
 * larger the higher, vectors above them. So a U-Net looks like its name.
 */
final class Layout {
  static final int WIDTH = 132;
  static final int HEIGHT = 76;
  static final int GAP = 26; // between columns
  private static final int LANE = 9; // between lines that pass above a row
  private static final int MARGIN = 24;
  private static final int ROW_GAP = 30;

  private final List<Block> blocks;
  private final int[] columns;
  private final int[] rows;
  private final int[] slots; // of blocks that share column and row
  private final Map<Integer, Double> tops = new TreeMap<>(); // by row: of its first slot
  private final Map<Arc, Integer> lanes = new HashMap<>();
  private int width;
  private double height;

  /** A line between blocks that do not stand side by side in one row. */
  record Arc(int from, int to) {}

  Layout(List<Block> blocks) {
    this.blocks = blocks;
    this.columns = columns();
    this.rows = rows();
    this.slots = slots();
    place();
  }

  double left(int block) {
    return MARGIN + columns[block] * (double) (WIDTH + GAP);
  }

  double top(int block) {
    return tops.get(rows[block]) + slots[block] * (double) (HEIGHT + ROW_GAP / 2);
  }

  int width() {
    return width;
  }

  double height() {
    return height;
  }

  /** Whether a line from the right side of one to the left side of the other meets no block. */
  boolean isDirect(int from, int to) {
    if (rows[from] != rows[to]) {
      return true;
    }
    for (int block = 0; block < rows.length; block++) {
      boolean between = columns[block] > columns[from] && columns[block] < columns[to];
      if (between && rows[block] == rows[from]) {
        return false;
      }
    }
    return columns[to] > columns[from];
  }

  /** The height at which a line that is not direct passes above its row. */
  double lane(int from, int to) {
    return tops.get(rows[from]) - 10 - LANE * (double) lanes.get(new Arc(from, to));
  }

  /** The length of the longest path that leads to a block. */
  private int[] columns() {
    int[] found = new int[blocks.size()];
    boolean[] done = new boolean[blocks.size()];
    for (int count = 0; count < blocks.size(); count++) {
      int next = next(done);
      for (int source : sources(next)) {
        if (done[source]) { // else a way back, which is drawn and not followed
          found[next] = Math.max(found[next], found[source] + 1);
        }
      }
      done[next] = true;
    }
    return found;
  }

  private int next(boolean[] done) {
    int first = -1;
    for (int block = 0; block < done.length; block++) {
      if (!done[block]) {
        if (sources(block).stream().allMatch(source -> done[source])) {
          return block;
        }
        first = first < 0 ? block : first;
      }
    }
    return first;
  }

  private List<Integer> sources(int block) {
    List<Integer> all = new ArrayList<>(blocks.get(block).sources());
    all.addAll(blocks.get(block).broadcasts());
    return all;
  }

  private int[] rows() {
    TreeSet<Long> areas = new TreeSet<>(Comparator.reverseOrder());
    for (Block block : blocks) {
      if (block.area() >= 0) {
        areas.add(block.area());
      }
    }
    List<Long> sizes = new ArrayList<>(areas);
    int[] found = new int[blocks.size()];
    for (int block = 0; block < found.length; block++) {
      long area = blocks.get(block).area();
      found[block] = area < 0 ? 0 : 1 + sizes.indexOf(area);
    }
    return found;
  }

  private int[] slots() {
    Map<List<Integer>, Integer> taken = new HashMap<>();
    int[] found = new int[blocks.size()];
    for (int block = 0; block < found.length; block++) {
      found[block] = taken.merge(List.of(columns[block], rows[block]), 1, Integer::sum) - 1;
    }
    return found;
  }

  private void place() {
    Map<Integer, Integer> deepest = new TreeMap<>(); // slots by row
    for (int block = 0; block < rows.length; block++) {
      deepest.merge(rows[block], slots[block] + 1, Math::max);
      width = Math.max(width, columns[block]);
    }
    width = 2 * MARGIN + (width + 1) * (WIDTH + GAP) - GAP;
    Map<Integer, Integer> laneCounts = lanes();
    double y = MARGIN;
    for (Map.Entry<Integer, Integer> row : deepest.entrySet()) {
      int above = laneCounts.getOrDefault(row.getKey(), 0);
      y += above == 0 ? 0 : 10 + LANE * (double) above;
      tops.put(row.getKey(), y);
      y += row.getValue() * (double) (HEIGHT + ROW_GAP / 2) - ROW_GAP / 2.0 + ROW_GAP;
    }
    height = y - ROW_GAP + MARGIN;
  }

  /** Gives lines above a row their lanes, short ones the lowest; the number of lanes by row. */
  private Map<Integer, Integer> lanes() {
    Map<Integer, List<Arc>> arcs = new TreeMap<>();
    for (int to = 0; to < rows.length; to++) {
      for (int from : blocks.get(to).sources()) {
        if (!isDirect(from, to)) {
          arcs.computeIfAbsent(rows[from], row -> new ArrayList<>()).add(new Arc(from, to));
        }
      }
    }
    Map<Integer, Integer> counts = new HashMap<>();
    arcs.forEach(
        (row, each) -> {
          each.sort(Comparator.comparingInt(arc -> Math.abs(columns[arc.to] - columns[arc.from])));
          List<List<Arc>> used = new ArrayList<>();
          for (Arc arc : each) {
            int lane = 0;
            while (lane < used.size() && used.get(lane).stream().anyMatch(a -> meet(a, arc))) {
              lane++;
            }
            if (lane == used.size()) {
              used.add(new ArrayList<>());
            }
            used.get(lane).add(arc);
            lanes.put(arc, lane);
          }
          counts.put(row, used.size());
        });
    return counts;
  }

  private boolean meet(Arc a, Arc b) {
    int aLeft = Math.min(columns[a.from], columns[a.to]);
    int aRight = Math.max(columns[a.from], columns[a.to]);
    int bLeft = Math.min(columns[b.from], columns[b.to]);
    int bRight = Math.max(columns[b.from], columns[b.to]);
    return aLeft <= bRight && bLeft <= aRight;
  }
}
