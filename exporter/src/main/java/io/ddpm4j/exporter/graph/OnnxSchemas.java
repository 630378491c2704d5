package io.ddpm4j.exporter.graph;

import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.BODY;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.FLOAT;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.INT;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.INTS;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.TENSOR;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.TEXT;
import static io.ddpm4j.exporter.graph.OpSchema.FREE;
import static io.ddpm4j.exporter.graph.OpSchema.onnx;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The operators of the domain {@code ai.onnx} that diffusion networks, their gradients, optimisers
 * and samplers need, sorted by name. An operator that changed has one line for each form. Names,
 * inputs, attributes and versions are those of ONNX's operator list.
 */
final class OnnxSchemas {
  private OnnxSchemas() {}

  private static final Set<DataType> FLOATS =
      EnumSet.of(DataType.FLOAT16, DataType.FLOAT, DataType.DOUBLE, DataType.BFLOAT16);
  private static final Set<DataType> ANY = EnumSet.allOf(DataType.class);
  private static final Set<DataType> BOOLS = EnumSet.of(DataType.BOOL);
  private static final Set<DataType> INT64 = EnumSet.of(DataType.INT64);
  private static final Set<DataType> INDICES = EnumSet.of(DataType.INT32, DataType.INT64);
  private static final Set<DataType> NUMBERS =
      EnumSet.complementOf(
          EnumSet.of(DataType.STRING, DataType.BOOL, DataType.COMPLEX64, DataType.COMPLEX128));

  private static OpSchema unary(String name, int since, Set<DataType> types) {
    return onnx(name, since).in("X", "T", types).shape(ShapeRules::same);
  }

  private static OpSchema binary(String name, int since, Set<DataType> types) {
    return onnx(name, since).in("A", "T", types).in("B", "T", types).shape(ShapeRules::broadcast);
  }

  private static OpSchema compare(String name, int since, Set<DataType> types) {
    return onnx(name, since)
        .in("A", "T", types)
        .in("B", "T", types)
        .shape(i -> ShapeRules.retype(ShapeRules.broadcast(i), DataType.BOOL));
  }

  private static OpSchema variadic(String name, int since) {
    return onnx(name, since).in("data", "T", NUMBERS).variadic().shape(ShapeRules::broadcast);
  }

  /** A reduction whose axes are an attribute. */
  private static OpSchema reduceByAttribute(String name, int since) {
    return onnx(name, since)
        .in("data", "T", NUMBERS)
        .attribute("axes", INTS)
        .attribute("keepdims", INT)
        .shape(ShapeRules::reduce);
  }

  /** A reduction whose axes are an input. */
  private static OpSchema reduceByInput(String name, int since) {
    return onnx(name, since)
        .in("data", "T", NUMBERS)
        .optional("axes", FREE, INT64)
        .attribute("keepdims", INT)
        .attribute("noop_with_empty_axes", INT)
        .shape(ShapeRules::reduce);
  }

  static final List<OpSchema> TABLE =
      List.of(
          unary("Abs", 13, NUMBERS),
          binary("Add", 14, NUMBERS),
          binary("And", 7, BOOLS),
          onnx("AveragePool", 11)
              .in("X", "T", FLOATS)
              .attribute("auto_pad", TEXT)
              .attribute("ceil_mode", INT)
              .attribute("count_include_pad", INT)
              .required("kernel_shape", INTS)
              .attribute("pads", INTS)
              .attribute("strides", INTS)
              .shape(ShapeRules::pool),
          onnx("Cast", 13)
              .in("input", "T", ANY)
              .required("to", INT)
              .shape(
                  i ->
                      List.of(
                          new TensorType(
                              DataType.ofOnnx((int) i.intAttribute("to", 0)), i.shape(0)))),
          unary("Ceil", 13, FLOATS),
          onnx("Clip", 13)
              .in("input", "T", NUMBERS)
              .optional("min", "T", NUMBERS)
              .optional("max", "T", NUMBERS)
              .shape(ShapeRules::same),
          onnx("Concat", 13)
              .in("inputs", "T", ANY)
              .variadic()
              .required("axis", INT)
              .shape(ShapeRules::concat),
          onnx("Constant", 13)
              .attribute("value", TENSOR)
              .attribute("value_float", FLOAT)
              .attribute("value_int", INT)
              .attribute("value_ints", INTS)
              .shape(ShapeRules::constant),
          onnx("ConstantOfShape", 9)
              .in("input", "T1", INT64)
              .attribute("value", TENSOR)
              .shape(ShapeRules::constantOfShape),
          onnx("Conv", 11)
              .in("X", "T", FLOATS)
              .in("W", "T", FLOATS)
              .optional("B", "T", FLOATS)
              .attribute("auto_pad", TEXT)
              .attribute("dilations", INTS)
              .attribute("group", INT)
              .attribute("kernel_shape", INTS)
              .attribute("pads", INTS)
              .attribute("strides", INTS)
              .shape(ShapeRules::conv),
          onnx("ConvTranspose", 11)
              .in("X", "T", FLOATS)
              .in("W", "T", FLOATS)
              .optional("B", "T", FLOATS)
              .attribute("auto_pad", TEXT)
              .attribute("dilations", INTS)
              .attribute("group", INT)
              .attribute("kernel_shape", INTS)
              .attribute("output_padding", INTS)
              .attribute("output_shape", INTS)
              .attribute("pads", INTS)
              .attribute("strides", INTS)
              .shape(ShapeRules::convTranspose),
          unary("Cos", 7, FLOATS),
          binary("Div", 14, NUMBERS),
          compare("Equal", 13, ANY),
          unary("Erf", 13, NUMBERS),
          unary("Exp", 13, FLOATS),
          onnx("Expand", 13)
              .in("input", "T", ANY)
              .in("shape", FREE, INT64)
              .shape(ShapeRules::expand),
          unary("Floor", 13, FLOATS),
          onnx("Gather", 13)
              .in("data", "T", ANY)
              .in("indices", FREE, INDICES)
              .attribute("axis", INT)
              .shape(ShapeRules::gather),
          onnx("Gemm", 13)
              .in("A", "T", NUMBERS)
              .in("B", "T", NUMBERS)
              .optional("C", "T", NUMBERS)
              .attribute("alpha", FLOAT)
              .attribute("beta", FLOAT)
              .attribute("transA", INT)
              .attribute("transB", INT)
              .shape(ShapeRules::gemm),
          compare("Greater", 13, NUMBERS),
          compare("GreaterOrEqual", 16, NUMBERS),
          unary("Identity", 16, ANY),
          onnx("If", 16)
              .in("cond", "B", BOOLS)
              .outputs(1, OpSchema.ANY_NUMBER)
              .required("then_branch", BODY)
              .required("else_branch", BODY)
              .shape(ShapeRules::branches),
          onnx("InstanceNormalization", 6)
              .in("input", "T", FLOATS)
              .in("scale", "T", FLOATS)
              .in("B", "T", FLOATS)
              .attribute("epsilon", FLOAT)
              .shape(ShapeRules::same),
          onnx("IsNaN", 13)
              .in("X", "T", FLOATS)
              .shape(i -> ShapeRules.retype(ShapeRules.same(i), DataType.BOOL)),
          compare("Less", 13, NUMBERS),
          compare("LessOrEqual", 16, NUMBERS),
          unary("Log", 13, FLOATS),
          onnx("Loop", 16)
              .optional("M", FREE, INT64)
              .optional("cond", FREE, BOOLS)
              .optional("v_initial", FREE, ANY)
              .variadic()
              .outputs(1, OpSchema.ANY_NUMBER)
              .required("body", BODY)
              .shape(ShapeRules::loop),
          onnx("MatMul", 13).in("A", "T", NUMBERS).in("B", "T", NUMBERS).shape(ShapeRules::matMul),
          variadic("Max", 13),
          variadic("Mean", 13),
          variadic("Min", 13),
          binary("Mul", 14, NUMBERS),
          unary("Neg", 13, NUMBERS),
          unary("Not", 1, BOOLS),
          binary("Or", 7, BOOLS),
          onnx("Pad", 13)
              .in("data", "T", ANY)
              .in("pads", FREE, INT64)
              .optional("constant_value", "T", ANY)
              .attribute("mode", TEXT)
              .shape(ShapeRules::pad),
          onnx("Pow", 15).in("X", "T", NUMBERS).in("Y", "T1", NUMBERS).shape(ShapeRules::broadcast),
          onnx("Range", 11)
              .in("start", "T", NUMBERS)
              .in("limit", "T", NUMBERS)
              .in("delta", "T", NUMBERS)
              .shape(ShapeRules::range),
          unary("Reciprocal", 13, FLOATS),
          reduceByAttribute("ReduceMax", 13),
          reduceByInput("ReduceMax", 18),
          reduceByAttribute("ReduceMean", 13),
          reduceByInput("ReduceMean", 18),
          reduceByInput("ReduceSum", 13),
          reduceByAttribute("ReduceSumSquare", 13),
          reduceByInput("ReduceSumSquare", 18),
          unary("Relu", 14, NUMBERS),
          onnx("Reshape", 14)
              .in("data", "T", ANY)
              .in("shape", FREE, INT64)
              .attribute("allowzero", INT)
              .shape(ShapeRules::reshape),
          onnx("Resize", 13)
              .in("X", "T1", ANY)
              .optional("roi", "T2", FLOATS)
              .optional("scales", FREE, EnumSet.of(DataType.FLOAT))
              .optional("sizes", FREE, INT64)
              .attribute("coordinate_transformation_mode", TEXT)
              .attribute("cubic_coeff_a", FLOAT)
              .attribute("exclude_outside", INT)
              .attribute("extrapolation_value", FLOAT)
              .attribute("mode", TEXT)
              .attribute("nearest_mode", TEXT)
              .shape(ShapeRules::resize),
          onnx("Shape", 15)
              .in("data", "T", ANY)
              .attribute("start", INT)
              .attribute("end", INT)
              .shape(ShapeRules::shapeOf),
          unary("Sigmoid", 13, FLOATS),
          unary("Sign", 13, NUMBERS),
          unary("Sin", 7, FLOATS),
          onnx("Slice", 13)
              .in("data", "T", ANY)
              .in("starts", "Tind", INDICES)
              .in("ends", "Tind", INDICES)
              .optional("axes", "Tind", INDICES)
              .optional("steps", "Tind", INDICES)
              .shape(ShapeRules::slice),
          onnx("Softmax", 13)
              .in("input", "T", FLOATS)
              .attribute("axis", INT)
              .shape(ShapeRules::same),
          onnx("Split", 13)
              .in("input", "T", ANY)
              .optional("split", FREE, INT64)
              .attribute("axis", INT)
              .outputs(1, OpSchema.ANY_NUMBER)
              .shape(ShapeRules::split),
          onnx("Split", 18)
              .in("input", "T", ANY)
              .optional("split", FREE, INT64)
              .attribute("axis", INT)
              .attribute("num_outputs", INT)
              .outputs(1, OpSchema.ANY_NUMBER)
              .shape(ShapeRules::split),
          unary("Sqrt", 13, FLOATS),
          onnx("Squeeze", 13)
              .in("data", "T", ANY)
              .optional("axes", FREE, INT64)
              .shape(ShapeRules::squeeze),
          binary("Sub", 14, NUMBERS),
          variadic("Sum", 13),
          unary("Tanh", 13, FLOATS),
          onnx("Transpose", 13)
              .in("data", "T", ANY)
              .attribute("perm", INTS)
              .shape(ShapeRules::transpose),
          onnx("Unsqueeze", 13)
              .in("data", "T", ANY)
              .in("axes", FREE, INT64)
              .shape(ShapeRules::unsqueeze),
          onnx("Where", 16)
              .in("condition", "B", BOOLS)
              .in("X", "T", ANY)
              .in("Y", "T", ANY)
              .shape(ShapeRules::where));
}
