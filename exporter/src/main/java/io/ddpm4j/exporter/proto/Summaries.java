package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.FunctionProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.TypeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Collects a {@link ModelSummary}; never reads external data. */
final class Summaries {
  /** Names that the graph gives to constants that are no parameters. */
  private static final Pattern UNNAMED = Pattern.compile("constant_\\d+");

  private final OnnxFile file;
  private final Map<String, Integer> operators = new TreeMap<>();
  private long parameters;
  private long parameterBytes;

  private Summaries(OnnxFile file) {
    this.file = file;
  }

  static ModelSummary of(OnnxFile file) throws IOException {
    return new Summaries(file).collect();
  }

  private ModelSummary collect() throws IOException {
    ModelProto model = file.proto();
    GraphProto graph = model.getGraph();
    count(graph);
    model.getFunctionsList().forEach(f -> count(f.getNodeList()));
    Map<String, Long> opsets = new LinkedHashMap<>();
    for (OperatorSetIdProto opset : model.getOpsetImportList()) {
      opsets.put(opset.getDomain().isEmpty() ? "ai.onnx" : opset.getDomain(), opset.getVersion());
    }
    Set<String> constants = new HashSet<>();
    graph.getInitializerList().forEach(t -> constants.add(t.getName()));
    Map<String, Integer> byCount = new LinkedHashMap<>();
    operators.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(e -> byCount.put(e.getKey(), e.getValue()));
    return new ModelSummary(
        file.source(),
        model.getIrVersion(),
        opsets,
        (model.getProducerName() + " " + model.getProducerVersion()).strip(),
        model.getDocString(),
        // Older formats list constants among the inputs.
        ports(graph.getInputList().stream().filter(v -> !constants.contains(v.getName())).toList()),
        ports(graph.getOutputList()),
        parameters,
        parameterBytes,
        byCount,
        model.getFunctionsList().stream().map(FunctionProto::getName).toList(),
        file.metadata(),
        externalFiles(),
        file.fileBytes());
  }

  private void count(GraphProto graph) {
    Set<String> names = new HashSet<>();
    graph.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    for (TensorProto tensor : graph.getInitializerList()) {
      String name = tensor.getName();
      boolean scale = // of 8-bit weights, which are parameters
          name.endsWith(".scale") && names.contains(name.replaceAll("scale$", "int8"));
      if (!scale) {
        count(tensor);
      }
    }
    count(graph.getNodeList());
  }

  private void count(TensorProto tensor) {
    boolean weight =
        switch (tensor.getDataType()) {
          case 1, 10, 11, 16, 17, 18, 19, 20, 23 -> true; // floats of all widths
          case 2, 3 -> true; // 8-bit integers, as quantised weights are
          default -> false;
        };
    if (!weight || tensor.getDimsCount() == 0 || UNNAMED.matcher(tensor.getName()).matches()) {
      return;
    }
    try {
      parameterBytes += TensorDecoder.byteSize(file.source(), tensor); // checks the dims
      parameters += tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b);
    } catch (OnnxFormatException e) {
      // Impossible dims are for whoever uses the tensor; a summary shows the rest.
    }
  }

  private void count(List<NodeProto> nodes) {
    for (NodeProto node : nodes) {
      boolean own = node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
      operators.merge((own ? "" : node.getDomain() + ":") + node.getOpType(), 1, Integer::sum);
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          count(attribute.getG());
        }
        attribute.getGraphsList().forEach(this::count);
      }
    }
  }

  private List<ModelSummary.ExternalFile> externalFiles() throws IOException {
    Map<String, Long> used = new LinkedHashMap<>();
    TensorWalk walk =
        tensor -> {
          if (file.tensors().isExternal(tensor) && file.folder() != null) {
            ExternalReference reference =
                ExternalReference.of(file.source(), file.folder(), tensor);
            Path relative = file.folder().normalize().relativize(reference.file());
            used.merge(relative.toString(), reference.size(), Long::sum);
          }
          return tensor;
        };
    List<ModelSummary.ExternalFile> files = new ArrayList<>();
    walk.over(file.proto());
    for (Map.Entry<String, Long> entry : used.entrySet()) {
      Path path = file.folder().resolve(entry.getKey());
      long size = Files.isRegularFile(path) ? Files.size(path) : -1;
      files.add(new ModelSummary.ExternalFile(entry.getKey(), entry.getValue(), size));
    }
    return files;
  }

  private static List<ModelSummary.Port> ports(List<ValueInfoProto> infos) {
    return infos.stream().map(Summaries::port).toList();
  }

  static ModelSummary.Port port(ValueInfoProto info) {
    TypeProto type = info.getType();
    boolean shaped = type.hasTensorType() && type.getTensorType().hasShape();
    return new ModelSummary.Port(
        info.getName(),
        typeName(type),
        shaped
            ? type.getTensorType().getShape().getDimList().stream().map(Summaries::dim).toList()
            : null);
  }

  private static String dim(TensorShapeProto.Dimension dim) {
    return switch (dim.getValueCase()) {
      case DIM_VALUE -> Long.toString(dim.getDimValue());
      case DIM_PARAM -> dim.getDimParam();
      default -> "?";
    };
  }

  private static String typeName(TypeProto type) {
    return switch (type.getValueCase()) {
      case TENSOR_TYPE -> elementName(type.getTensorType().getElemType());
      case SPARSE_TENSOR_TYPE ->
          "sparse(" + elementName(type.getSparseTensorType().getElemType()) + ")";
      case SEQUENCE_TYPE -> "sequence(" + typeName(type.getSequenceType().getElemType()) + ")";
      case OPTIONAL_TYPE -> "optional(" + typeName(type.getOptionalType().getElemType()) + ")";
      case MAP_TYPE ->
          "map("
              + elementName(type.getMapType().getKeyType())
              + ", "
              + typeName(type.getMapType().getValueType())
              + ")";
      case OPAQUE_TYPE -> "opaque(" + type.getOpaqueType().getName() + ")";
      default -> "unknown";
    };
  }

  private static String elementName(int number) {
    TensorProto.DataType type = TensorProto.DataType.forNumber(number);
    return type == null ? "type " + number : type.name().toLowerCase(Locale.ROOT);
  }
}
