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
 * and samplers need, sorted by name. An operator whose inputs or attributes changed has one line
 * for each form, with the version from which the form holds; versions that only allow more element
 * types have none. Names, inputs, attributes and versions are those of ONNX's operator list.
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

  /** As {@link #unary}; ONNX calls the input of some operators otherwise. */
  private static OpSchema unaryInput(String name, int since, Set<DataType> types) {
    return onnx(name, since).in("input", "T", types).shape(ShapeRules::same);
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
    return onnx(name, since).in("data_0", "T", NUMBERS).variadic().shape(ShapeRules::broadcast);
  }

  /** A function of one number with parameters. */
  private static OpSchema activation(String name, int since, String... parameters) {
    OpSchema.Builder schema = onnx(name, since).in("X", "T", FLOATS);
    for (String parameter : parameters) {
      schema.attribute(parameter, FLOAT);
    }
    return schema.shape(ShapeRules::same);
  }

  /** What happens along one axis and leaves the shape. */
  private static OpSchema alongAxis(String name, int since) {
    return onnx(name, since)
        .in("input", "T", FLOATS)
        .attribute("axis", INT)
        .shape(ShapeRules::alongAxis);
  }

  /** A reduction whose axes are an attribute. */
  private static OpSchema reduceByAttribute(String name) {
    return onnx(name, 1)
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

  private static OpSchema argReduce(String name) {
    return onnx(name, 12)
        .in("data", "T", NUMBERS)
        .attribute("axis", INT)
        .attribute("keepdims", INT)
        .attribute("select_last_index", INT)
        .shape(IndexRules::argReduce);
  }

  private static OpSchema groupNormalization(int since, boolean perGroup) {
    OpSchema.Builder schema =
        onnx("GroupNormalization", since)
            .in("X", "T", FLOATS)
            .in("scale", "T", FLOATS)
            .in("bias", "T", FLOATS)
            .attribute("epsilon", FLOAT)
            .required("num_groups", INT);
    if (!perGroup) {
      schema.attribute("stash_type", INT);
    }
    return schema.shape(i -> NetworkRules.groupNormalization(i, perGroup));
  }

  private static OpSchema.Builder batchNormalization(int since) {
    return onnx("BatchNormalization", since)
        .in("X", "T", FLOATS)
        .in("scale", "T1", FLOATS)
        .in("B", "T1", FLOATS)
        .in(since < 14 ? "mean" : "input_mean", "T2", FLOATS)
        .in(since < 14 ? "var" : "input_var", "T2", FLOATS)
        .attribute("epsilon", FLOAT)
        .attribute("momentum", FLOAT);
  }

  /** Convolution and its transpose; {@code more} are attributes that only one of them has. */
  private static OpSchema convolution(String name, OpSchema.ShapeRule rule, String... more) {
    OpSchema.Builder schema =
        onnx(name, 1)
            .in("X", "T", FLOATS)
            .in("W", "T", FLOATS)
            .optional("B", "T", FLOATS)
            .attribute("auto_pad", TEXT)
            .attribute("dilations", INTS)
            .attribute("group", INT)
            .attribute("kernel_shape", INTS)
            .attribute("pads", INTS)
            .attribute("strides", INTS);
    for (String attribute : more) {
      schema.attribute(attribute, INTS);
    }
    return schema.shape(rule);
  }

  private static OpSchema.Builder pool(String name, int since) {
    return onnx(name, since)
        .in("X", "T", FLOATS)
        .attribute("auto_pad", TEXT)
        .attribute("ceil_mode", INT)
        .required("kernel_shape", INTS)
        .attribute("pads", INTS)
        .attribute("strides", INTS);
  }

  private static OpSchema.Builder attention(int since) {
    return onnx("Attention", since)
        .in("Q", "T1", FLOATS)
        .in("K", "T1", FLOATS)
        .in("V", "T2", FLOATS)
        .optional("attn_mask", FREE, EnumSet.complementOf(EnumSet.of(DataType.STRING)))
        .optional("past_key", "T1", FLOATS)
        .optional("past_value", "T2", FLOATS)
        .outputs(1, 4)
        .attribute("is_causal", INT)
        .attribute("kv_num_heads", INT)
        .attribute("q_num_heads", INT)
        .attribute("qk_matmul_output_mode", INT)
        .attribute("scale", FLOAT)
        .attribute("softcap", FLOAT)
        .attribute("softmax_precision", INT);
  }

  private static OpSchema.Builder resize(int since) {
    return onnx("Resize", since)
        .in("X", "T1", ANY)
        .optional("roi", "T2", FLOATS)
        .optional("scales", FREE, EnumSet.of(DataType.FLOAT))
        .optional("sizes", FREE, INT64)
        .attribute("coordinate_transformation_mode", TEXT)
        .attribute("cubic_coeff_a", FLOAT)
        .attribute("exclude_outside", INT)
        .attribute("extrapolation_value", FLOAT)
        .attribute("mode", TEXT)
        .attribute("nearest_mode", TEXT);
  }

  private static OpSchema.Builder pad(int since) {
    return onnx("Pad", since)
        .in("data", "T", ANY)
        .in("pads", FREE, INT64)
        .optional("constant_value", "T", ANY)
        .attribute("mode", TEXT);
  }

  private static OpSchema.Builder scatter(String name, int since, Set<DataType> indices) {
    return onnx(name, since)
        .in("data", "T", ANY)
        .in("indices", FREE, indices)
        .in("updates", "T", ANY);
  }

  /** Random numbers: {@code attributes} are the two parameters of the distribution. */
  private static OpSchema random(String name, boolean like, String first, String second) {
    OpSchema.Builder schema = onnx(name, 1).random();
    if (like) {
      schema.in("input", FREE, ANY);
    } else {
      schema.required("shape", INTS);
    }
    return schema
        .attribute("dtype", INT)
        .attribute(first, FLOAT)
        .attribute(second, FLOAT)
        .attribute("seed", FLOAT)
        .shape(ShapeRules::filled);
  }

  static final List<OpSchema> TABLE =
      List.of(
          unary("Abs", 6, NUMBERS),
          OpSchema.of("ai.onnx.preview.training", "Adam")
              .in("R", FREE, EnumSet.of(DataType.FLOAT, DataType.DOUBLE))
              .in("T", FREE, INT64)
              .in("inputs", FREE, EnumSet.of(DataType.FLOAT, DataType.DOUBLE))
              .variadic()
              .outputs(1, OpSchema.ANY_NUMBER)
              .attribute("alpha", FLOAT)
              .attribute("beta", FLOAT)
              .attribute("epsilon", FLOAT)
              .attribute("norm_coefficient", FLOAT)
              .attribute("norm_coefficient_post", FLOAT)
              .shape(NetworkRules::adam),
          binary("Add", 7, NUMBERS),
          binary("And", 7, BOOLS),
          argReduce("ArgMax"),
          argReduce("ArgMin"),
          attention(23).shape(NetworkRules::attention),
          attention(24).optional("nonpad_kv_seqlen", FREE, INT64).shape(NetworkRules::attention),
          attention(25)
              .optional("nonpad_kv_seqlen", FREE, INT64)
              .attribute("left_window_size", INT)
              .attribute("right_window_size", INT)
              .shape(NetworkRules::attention),
          pool("AveragePool", 10).attribute("count_include_pad", INT).shape(SpatialRules::pool),
          pool("AveragePool", 19)
              .attribute("count_include_pad", INT)
              .attribute("dilations", INTS)
              .shape(SpatialRules::pool),
          batchNormalization(9).outputs(1, 5).shape(NetworkRules::batchNormalization),
          batchNormalization(14)
              .outputs(1, 3)
              .attribute("training_mode", INT)
              .shape(NetworkRules::batchNormalization),
          onnx("Cast", 6).in("input", "T", ANY).required("to", INT).shape(ShapeRules::cast),
          onnx("Cast", 19)
              .in("input", "T", ANY)
              .attribute("saturate", INT)
              .required("to", INT)
              .shape(ShapeRules::cast),
          onnx("Cast", 24)
              .in("input", "T", ANY)
              .attribute("round_mode", TEXT)
              .attribute("saturate", INT)
              .required("to", INT)
              .shape(ShapeRules::cast),
          unary("Ceil", 6, FLOATS),
          onnx("Clip", 11)
              .in("input", "T", NUMBERS)
              .optional("min", "T", NUMBERS)
              .optional("max", "T", NUMBERS)
              .shape(ShapeRules::same),
          onnx("Concat", 4)
              .in("inputs", "T", ANY)
              .variadic()
              .required("axis", INT)
              .shape(ShapeRules::concat),
          onnx("Constant", 1).required("value", TENSOR).shape(ShapeRules::constant),
          onnx("Constant", 12)
              .attribute("value", TENSOR)
              .attribute("value_float", FLOAT)
              .attribute("value_floats", OpSchema.AttributeKind.FLOATS)
              .attribute("value_int", INT)
              .attribute("value_ints", INTS)
              .shape(ShapeRules::constant),
          onnx("ConstantOfShape", 9)
              .in("input", "T1", INT64)
              .attribute("value", TENSOR)
              .shape(ShapeRules::constantOfShape),
          convolution("Conv", SpatialRules::conv),
          convolution(
              "ConvTranspose", SpatialRules::convTranspose, "output_padding", "output_shape"),
          unaryInput("Cos", 7, FLOATS),
          onnx("CumSum", 11)
              .in("x", "T", NUMBERS)
              .in("axis", FREE, INDICES)
              .attribute("exclusive", INT)
              .attribute("reverse", INT)
              .shape(ShapeRules::same),
          onnx("DepthToSpace", 11)
              .in("input", "T", ANY)
              .required("blocksize", INT)
              .attribute("mode", TEXT)
              .shape(SpatialRules::depthToSpace),
          binary("Div", 7, NUMBERS),
          onnx("Dropout", 12)
              .in("data", "T", FLOATS)
              .optional("ratio", FREE, FLOATS)
              .optional("training_mode", FREE, BOOLS)
              .outputs(1, 2)
              .attribute("seed", INT)
              .random()
              .shape(i -> List.of(i.type(0), new TensorType(DataType.BOOL, i.shape(0)))),
          onnx("Einsum", 12)
              .in("Inputs", "T", NUMBERS)
              .variadic()
              .required("equation", TEXT)
              .shape(IndexRules::einsum),
          activation("Elu", 6, "alpha"),
          compare("Equal", 7, ANY),
          unaryInput("Erf", 9, NUMBERS),
          unaryInput("Exp", 6, FLOATS),
          onnx("Expand", 8)
              .in("input", "T", ANY)
              .in("shape", FREE, INT64)
              .shape(ShapeRules::expand),
          onnx("Flatten", 9)
              .in("input", "T", ANY)
              .attribute("axis", INT)
              .shape(ShapeRules::flatten),
          unary("Floor", 6, FLOATS),
          onnx("Gather", 1)
              .in("data", "T", ANY)
              .in("indices", FREE, INDICES)
              .attribute("axis", INT)
              .shape(IndexRules::gather),
          onnx("GatherElements", 11)
              .in("data", "T", ANY)
              .in("indices", FREE, INDICES)
              .attribute("axis", INT)
              .shape(IndexRules::gatherElements),
          onnx("GatherND", 12)
              .in("data", "T", ANY)
              .in("indices", FREE, INT64)
              .attribute("batch_dims", INT)
              .shape(IndexRules::gatherNd),
          onnx("Gelu", 20)
              .in("X", "T", FLOATS)
              .attribute("approximate", TEXT)
              .shape(ShapeRules::same),
          onnx("Gemm", 11)
              .in("A", "T", NUMBERS)
              .in("B", "T", NUMBERS)
              .optional("C", "T", NUMBERS)
              .attribute("alpha", FLOAT)
              .attribute("beta", FLOAT)
              .attribute("transA", INT)
              .attribute("transB", INT)
              .shape(ShapeRules::gemm),
          onnx("GlobalAveragePool", 1).in("X", "T", FLOATS).shape(SpatialRules::globalPool),
          onnx("GlobalMaxPool", 1).in("X", "T", FLOATS).shape(SpatialRules::globalPool),
          compare("Greater", 7, NUMBERS),
          compare("GreaterOrEqual", 12, NUMBERS),
          groupNormalization(18, true),
          groupNormalization(21, false),
          unaryInput("Identity", 1, ANY),
          onnx("If", 1)
              .in("cond", "B", BOOLS)
              .outputs(1, OpSchema.ANY_NUMBER)
              .required("then_branch", BODY)
              .required("else_branch", BODY)
              .shape(ControlRules::branches),
          onnx("InstanceNormalization", 6)
              .in("input", "T", FLOATS)
              .in("scale", "T", FLOATS)
              .in("B", "T", FLOATS)
              .attribute("epsilon", FLOAT)
              .shape(NetworkRules::perChannel),
          onnx("IsInf", 10)
              .in("X", "T", FLOATS)
              .attribute("detect_negative", INT)
              .attribute("detect_positive", INT)
              .shape(i -> ShapeRules.retype(ShapeRules.same(i), DataType.BOOL)),
          onnx("IsNaN", 9)
              .in("X", "T", FLOATS)
              .shape(i -> ShapeRules.retype(ShapeRules.same(i), DataType.BOOL)),
          onnx("LayerNormalization", 17)
              .in("X", "T", FLOATS)
              .in("Scale", "T", FLOATS)
              .optional("B", "T", FLOATS)
              .outputs(1, 3)
              .attribute("axis", INT)
              .attribute("epsilon", FLOAT)
              .attribute("stash_type", INT)
              .shape(NetworkRules::layerNormalization),
          activation("LeakyRelu", 6, "alpha"),
          compare("Less", 7, NUMBERS),
          compare("LessOrEqual", 12, NUMBERS),
          unaryInput("Log", 6, FLOATS),
          alongAxis("LogSoftmax", 13),
          onnx("Loop", 1)
              .optional("M", FREE, INT64)
              .optional("cond", FREE, BOOLS)
              .optional("v_initial", FREE, ANY)
              .variadic()
              .outputs(1, OpSchema.ANY_NUMBER)
              .required("body", BODY)
              .shape(ControlRules::loop),
          onnx("MatMul", 1).in("A", "T", NUMBERS).in("B", "T", NUMBERS).shape(ShapeRules::matMul),
          variadic("Max", 8),
          pool("MaxPool", 10)
              .attribute("dilations", INTS)
              .attribute("storage_order", INT)
              .outputs(1, 2)
              .shape(SpatialRules::pool),
          variadic("Mean", 8),
          variadic("Min", 8),
          unary("Mish", 18, FLOATS),
          onnx("Mod", 10)
              .in("A", "T", NUMBERS)
              .in("B", "T", NUMBERS)
              .attribute("fmod", INT)
              .shape(ShapeRules::broadcast),
          binary("Mul", 7, NUMBERS),
          unary("Neg", 6, NUMBERS),
          unary("Not", 1, BOOLS),
          onnx("OneHot", 9)
              .in("indices", FREE, NUMBERS)
              .in("depth", FREE, NUMBERS)
              .in("values", FREE, ANY)
              .attribute("axis", INT)
              .shape(IndexRules::oneHot),
          binary("Or", 7, BOOLS),
          onnx("PRelu", 9)
              .in("X", "T", NUMBERS)
              .in("slope", "T", NUMBERS)
              .shape(ShapeRules::broadcast),
          pad(11).shape(ShapeRules::pad),
          pad(18).optional("axes", FREE, INDICES).shape(ShapeRules::pad),
          onnx("Pow", 7).in("X", "T", NUMBERS).in("Y", "T1", NUMBERS).shape(ShapeRules::broadcast),
          random("RandomNormal", false, "mean", "scale"),
          random("RandomNormalLike", true, "mean", "scale"),
          random("RandomUniform", false, "high", "low"),
          random("RandomUniformLike", true, "high", "low"),
          onnx("Range", 11)
              .in("start", "T", NUMBERS)
              .in("limit", "T", NUMBERS)
              .in("delta", "T", NUMBERS)
              .shape(ShapeRules::range),
          unary("Reciprocal", 6, FLOATS),
          reduceByAttribute("ReduceL1"),
          reduceByInput("ReduceL1", 18),
          reduceByAttribute("ReduceL2"),
          reduceByInput("ReduceL2", 18),
          reduceByAttribute("ReduceLogSumExp"),
          reduceByInput("ReduceLogSumExp", 18),
          reduceByAttribute("ReduceMax"),
          reduceByInput("ReduceMax", 18),
          reduceByAttribute("ReduceMean"),
          reduceByInput("ReduceMean", 18),
          reduceByAttribute("ReduceMin"),
          reduceByInput("ReduceMin", 18),
          reduceByAttribute("ReduceProd"),
          reduceByInput("ReduceProd", 18),
          reduceByAttribute("ReduceSum"),
          reduceByInput("ReduceSum", 13),
          reduceByAttribute("ReduceSumSquare"),
          reduceByInput("ReduceSumSquare", 18),
          unary("Relu", 6, NUMBERS),
          onnx("Reshape", 5)
              .in("data", "T", ANY)
              .in("shape", FREE, INT64)
              .shape(ShapeRules::reshape),
          onnx("Reshape", 14)
              .in("data", "T", ANY)
              .in("shape", FREE, INT64)
              .attribute("allowzero", INT)
              .shape(ShapeRules::reshape),
          resize(11).shape(SpatialRules::resize),
          resize(18)
              .attribute("antialias", INT)
              .attribute("axes", INTS)
              .attribute("keep_aspect_ratio_policy", TEXT)
              .shape(SpatialRules::resize),
          unary("Round", 11, FLOATS),
          onnx("Scan", 9)
              .in("initial_state_and_scan_inputs", FREE, ANY)
              .variadic()
              .outputs(1, OpSchema.ANY_NUMBER)
              .required("body", BODY)
              .required("num_scan_inputs", INT)
              .attribute("scan_input_axes", INTS)
              .attribute("scan_input_directions", INTS)
              .attribute("scan_output_axes", INTS)
              .attribute("scan_output_directions", INTS)
              .shape(ControlRules::scan),
          scatter("ScatterElements", 11, INDICES)
              .attribute("axis", INT)
              .shape(IndexRules::scatterElements),
          scatter("ScatterElements", 16, INDICES)
              .attribute("axis", INT)
              .attribute("reduction", TEXT)
              .shape(IndexRules::scatterElements),
          scatter("ScatterND", 11, INT64).shape(IndexRules::scatterNd),
          scatter("ScatterND", 16, INT64).attribute("reduction", TEXT).shape(IndexRules::scatterNd),
          onnx("Shape", 1).in("data", "T", ANY).shape(ShapeRules::shapeOf),
          onnx("Shape", 15)
              .in("data", "T", ANY)
              .attribute("start", INT)
              .attribute("end", INT)
              .shape(ShapeRules::shapeOf),
          unary("Sigmoid", 6, FLOATS),
          unaryInput("Sign", 9, NUMBERS),
          unaryInput("Sin", 7, FLOATS),
          onnx("Size", 1)
              .in("data", "T", ANY)
              .shape(i -> List.of(new TensorType(DataType.INT64, Shape.SCALAR))),
          onnx("Slice", 10)
              .in("data", "T", ANY)
              .in("starts", "Tind", INDICES)
              .in("ends", "Tind", INDICES)
              .optional("axes", "Tind", INDICES)
              .optional("steps", "Tind", INDICES)
              .shape(ShapeRules::slice),
          alongAxis("Softmax", 13),
          unary("Softplus", 1, FLOATS),
          onnx("SpaceToDepth", 1)
              .in("input", "T", ANY)
              .required("blocksize", INT)
              .shape(SpatialRules::spaceToDepth),
          onnx("Split", 2)
              .in("input", "T", ANY)
              .attribute("axis", INT)
              .attribute("split", INTS)
              .outputs(1, OpSchema.ANY_NUMBER)
              .shape(ShapeRules::split),
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
          unary("Sqrt", 6, FLOATS),
          onnx("Squeeze", 1)
              .in("data", "T", ANY)
              .attribute("axes", INTS)
              .shape(ShapeRules::squeeze),
          onnx("Squeeze", 13)
              .in("data", "T", ANY)
              .optional("axes", FREE, INT64)
              .shape(ShapeRules::squeeze),
          binary("Sub", 7, NUMBERS),
          variadic("Sum", 8),
          unaryInput("Tan", 7, FLOATS),
          unaryInput("Tanh", 6, FLOATS),
          onnx("Tile", 6).in("input", "T", ANY).in("repeats", FREE, INT64).shape(IndexRules::tile),
          onnx("TopK", 11)
              .in("X", "T", NUMBERS)
              .in("K", FREE, INT64)
              .attribute("axis", INT)
              .attribute("largest", INT)
              .attribute("sorted", INT)
              .outputs(2, 2)
              .shape(IndexRules::topK),
          onnx("Transpose", 1)
              .in("data", "T", ANY)
              .attribute("perm", INTS)
              .shape(ShapeRules::transpose),
          onnx("Trilu", 14)
              .in("input", "T", ANY)
              .optional("k", FREE, INT64)
              .attribute("upper", INT)
              .shape(IndexRules::trilu),
          onnx("Unsqueeze", 1)
              .in("data", "T", ANY)
              .required("axes", INTS)
              .shape(ShapeRules::unsqueeze),
          onnx("Unsqueeze", 13)
              .in("data", "T", ANY)
              .in("axes", FREE, INT64)
              .shape(ShapeRules::unsqueeze),
          onnx("Where", 9)
              .in("condition", "B", BOOLS)
              .in("X", "T", ANY)
              .in("Y", "T", ANY)
              .shape(ShapeRules::where));
}
