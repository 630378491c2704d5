package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.List;

/** Shape rules of the operators that run subgraphs. */
final class ControlRules {
  private ControlRules() {}

  static List<TensorType> branches(Inference i) {
    Graph then = ((Attribute.Body) i.attribute("then_branch")).graph();
    Graph otherwise = ((Attribute.Body) i.attribute("else_branch")).graph();
    List<Value> a = List.copyOf(then.outputs().values());
    List<Value> b = List.copyOf(otherwise.outputs().values());
    if (a.size() != i.outputs() || b.size() != i.outputs()) {
      throw i.fail(i.outputs() + " outputs of both branches", a.size() + " and " + b.size());
    }
    List<TensorType> types = new ArrayList<>();
    for (int k = 0; k < a.size(); k++) {
      if (a.get(k).dataType() != b.get(k).dataType()
          || a.get(k).shape().rank() != b.get(k).shape().rank()) {
        throw i.fail("branches of equal type", a.get(k) + " and " + b.get(k));
      }
      types.add(new TensorType(a.get(k).dataType(), merge(i, a.get(k).shape(), b.get(k).shape())));
    }
    return types;
  }

  private static Shape merge(Inference i, Shape a, Shape b) {
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < a.rank(); axis++) {
      dims.add(a.dim(axis).equals(b.dim(axis)) ? a.dim(axis) : i.unknown());
    }
    return new Shape(dims);
  }

  static List<TensorType> loop(Inference i) {
    Graph body = ((Attribute.Body) i.attribute("body")).graph();
    int carried = Math.max(0, i.inputs() - 2);
    List<Value> results = List.copyOf(body.outputs().values());
    if (body.inputs().size() != carried + 2 || results.size() != i.outputs() + 1) {
      throw i.fail(
          "a body with " + (carried + 2) + " inputs and " + (i.outputs() + 1) + " outputs",
          body.inputs().size() + " and " + results.size());
    }
    long[] trips = i.constantLongs(0);
    List<TensorType> types = new ArrayList<>();
    for (int k = 1; k < results.size(); k++) {
      TensorType type = results.get(k).type();
      if (k <= carried) {
        if (i.dataType(k + 1) != type.dataType()) {
          throw i.fail("a carried " + i.dataType(k + 1), results.get(k).toString());
        }
        Shape initial = i.shape(k + 1);
        Shape shape =
            initial.rank() == type.shape().rank() ? merge(i, initial, type.shape()) : type.shape();
        types.add(new TensorType(type.dataType(), shape));
      } else {
        List<Dim> dims = new ArrayList<>();
        // A condition may end the loop early, so the count is only known without one.
        dims.add(trips != null && trips.length == 1 && !i.has(1) ? Dim.of(trips[0]) : i.unknown());
        dims.addAll(type.shape().dims());
        types.add(new TensorType(type.dataType(), new Shape(dims)));
      }
    }
    return types;
  }

  /** The body sees one slice of each scanned input at a time, without the axis it runs along. */
  static List<TensorType> scan(Inference i) {
    Graph body = ((Attribute.Body) i.attribute("body")).graph();
    int scanned = (int) i.intAttribute("num_scan_inputs", 1);
    int states = i.inputs() - scanned;
    List<Value> results = List.copyOf(body.outputs().values());
    if (scanned < 1 || states < 0 || body.inputs().size() != i.inputs()) {
      throw i.fail("a body with " + i.inputs() + " inputs", body.inputs().size() + " inputs");
    }
    if (results.size() != i.outputs() || results.size() < states) {
      throw i.fail("a body with " + i.outputs() + " outputs", results.size() + " outputs");
    }
    long[] inputAxes = i.intsAttribute("scan_input_axes", new long[scanned]);
    long[] outputAxes = i.intsAttribute("scan_output_axes", new long[results.size() - states]);
    Dim length = null;
    for (int k = 0; k < scanned; k++) {
      Shape shape = i.shape(states + k);
      Dim dim = shape.dim(i.axis(inputAxes[k], shape.rank()));
      if (length instanceof Dim.Fixed && dim instanceof Dim.Fixed && !length.equals(dim)) {
        throw i.fail("scanned inputs of equal length", length + " and " + dim);
      }
      length = length == null || length instanceof Dim.Named ? dim : length;
    }
    List<TensorType> types = new ArrayList<>();
    for (int k = 0; k < results.size(); k++) {
      TensorType type = results.get(k).type();
      if (k >= states) {
        List<Dim> dims = new ArrayList<>(type.shape().dims());
        dims.add(i.axis(outputAxes[k - states], dims.size() + 1), length);
        type = new TensorType(type.dataType(), new Shape(dims));
      }
      types.add(type);
    }
    return types;
  }
}
