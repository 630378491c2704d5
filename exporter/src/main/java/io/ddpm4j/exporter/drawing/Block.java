package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.graph.Shape;
import java.util.List;
import java.util.Map;

/**
 * One box of a drawing: an input, an output, or nodes that belong together.
 *
 * @param title what it is called: the name of a module with {@code /} between the steps, an
 *     operator, or the name of an input or output
 * @param operators how many nodes of each, the most frequent first; empty for inputs and outputs
 * @param parameters elements of the constants that only enter here
 * @param shape of what leaves it; null where it is not known
 * @param sources the blocks that it gets data from, without those of {@code broadcasts}
 * @param broadcasts the blocks that give the same to so many that no line is drawn for it
 */
record Block(
    Kind kind,
    String title,
    Map<String, Integer> operators,
    long parameters,
    Shape shape,
    List<Integer> sources,
    List<Integer> broadcasts) {

  enum Kind {
    INPUT,
    OUTPUT,
    NODES
  }

  Block {
    sources = List.copyOf(sources);
    broadcasts = List.copyOf(broadcasts);
  }

  /** Height times width of an image or feature map; -1 for anything else, and where unknown. */
  long area() {
    if (shape == null || shape.rank() < 4) {
      return -1;
    }
    long area = 1;
    for (int axis = 2; axis < shape.rank(); axis++) {
      long size = shape.dim(axis).sizeOrUnknown();
      if (size < 0) {
        return -1;
      }
      area *= size;
    }
    return area;
  }
}
