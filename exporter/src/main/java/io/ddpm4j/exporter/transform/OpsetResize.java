package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The operator Resize: version 13 lets inputs be absent, 18 resizes some of the axes, filters, and
 * keeps the aspect ratio, 19 knows one more way to place pixels.
 */
final class OpsetResize {
  private OpsetResize() {}

  private static final String PLACING = "coordinate_transformation_mode";

  private static final int ROI = 1;
  private static final int SCALES = 2;
  private static final int SIZES = 3;

  /** Ways to place pixels, with the first and the last version that knows each. */
  private static final Map<String, int[]> PLACINGS =
      Map.of(
          "half_pixel_symmetric", new int[] {19, Integer.MAX_VALUE},
          "tf_half_pixel_for_nn", new int[] {11, 12});

  static List<Value> convert(OpsetNode n) {
    String placing = n.node().textAttribute(PLACING, "half_pixel");
    int[] versions = PLACINGS.get(placing);
    if (versions != null && (n.version() < versions[0] || n.version() > versions[1])) {
      throw n.fail("a " + PLACING + " that this version knows", placing);
    }
    for (int i : new int[] {ROI, SCALES, SIZES}) {
      if (OpsetRules.isEmpty(n.in(i))) {
        n.input(i, null);
      }
    }
    OpsetRules.dropOne(n, "antialias", Attribute.of(0)::equals);
    OpsetRules.dropOne(n, "keep_aspect_ratio_policy", Attribute.of("stretch")::equals);
    long[] axes = n.node().intsAttribute("axes", null);
    if (axes != null && !n.takes("axes")) {
      everyAxis(n.without("axes"), axes);
    }
    return n.emit();
  }

  private static void everyAxis(OpsetNode n, long[] axes) {
    Shape shape = n.in(0).shape();
    int rank = shape.rank();
    if (n.in(SCALES) != null) {
      n.input(SCALES, n.ops().constant(spread(n, SCALES, axes, filled(rank, 1))));
    } else {
      long[] sizes = new long[rank];
      Set<Integer> resized = Set.copyOf(Arrays.stream(axes).mapToObj(a -> at(a, rank)).toList());
      for (int axis = 0; axis < rank; axis++) {
        sizes[axis] = shape.dim(axis).sizeOrUnknown();
        if (sizes[axis] < 0 && !resized.contains(axis)) {
          throw n.fail("known sizes of the axes that stay", shape.toString());
        }
      }
      long[] some = n.constant(SIZES);
      for (int k = 0; k < axes.length; k++) {
        sizes[at(axes[k], rank)] = some[k];
      }
      n.input(SIZES, n.ops().longs(sizes));
    }
    if (n.in(ROI) != null) { // [starts, ends], from 0 to 1 where nothing is cut off
      float[] whole = filled(2 * rank, 0);
      Arrays.fill(whole, rank, 2 * rank, 1f);
      n.input(ROI, n.ops().constant(spread(n, ROI, axes, whole)));
    }
  }

  /** The floats of an input that has some of the axes, once or twice, among those of the others. */
  private static TensorData spread(OpsetNode n, int input, long[] axes, float[] all) {
    TensorData data =
        n.in(input)
            .data()
            .orElseThrow(() -> n.fail("constant scales", "such that the graph computes"));
    float[] some = data.floats();
    int rank = n.in(0).shape().rank();
    for (int k = 0; k < some.length; k++) {
      all[k / axes.length * rank + at(axes[k % axes.length], rank)] = some[k];
    }
    return TensorData.ofFloats(all, all.length);
  }

  private static int at(long axis, int rank) {
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }
}
