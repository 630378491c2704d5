package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.FunctionProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.SparseTensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TrainingInfoProto;
import java.io.IOException;

/** Visits every tensor of a model, wherever it stands, and may replace it. */
@FunctionalInterface
interface TensorWalk {
  TensorProto visit(TensorProto tensor) throws IOException;

  /** The model with every tensor replaced by what the visit gives. */
  default ModelProto over(ModelProto model) throws IOException {
    ModelProto.Builder out = model.toBuilder();
    if (model.hasGraph()) {
      out.setGraph(over(model.getGraph()));
    }
    for (TrainingInfoProto.Builder info : out.getTrainingInfoBuilderList()) {
      if (info.hasInitialization()) {
        info.setInitialization(over(info.getInitialization()));
      }
      if (info.hasAlgorithm()) {
        info.setAlgorithm(over(info.getAlgorithm()));
      }
    }
    for (FunctionProto.Builder function : out.getFunctionsBuilderList()) {
      for (NodeProto.Builder node : function.getNodeBuilderList()) {
        over(node);
      }
    }
    return out.build();
  }

  private GraphProto over(GraphProto graph) throws IOException {
    GraphProto.Builder out = graph.toBuilder();
    for (int k = 0; k < out.getInitializerCount(); k++) {
      out.setInitializer(k, visit(out.getInitializer(k)));
    }
    for (SparseTensorProto.Builder sparse : out.getSparseInitializerBuilderList()) {
      over(sparse);
    }
    for (NodeProto.Builder node : out.getNodeBuilderList()) {
      over(node);
    }
    return out.build();
  }

  private void over(NodeProto.Builder node) throws IOException {
    for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
      if (attribute.hasT()) {
        attribute.setT(visit(attribute.getT()));
      }
      for (int k = 0; k < attribute.getTensorsCount(); k++) {
        attribute.setTensors(k, visit(attribute.getTensors(k)));
      }
      if (attribute.hasSparseTensor()) {
        over(attribute.getSparseTensorBuilder());
      }
      for (SparseTensorProto.Builder sparse : attribute.getSparseTensorsBuilderList()) {
        over(sparse);
      }
      if (attribute.hasG()) {
        attribute.setG(over(attribute.getG()));
      }
      for (int k = 0; k < attribute.getGraphsCount(); k++) {
        attribute.setGraphs(k, over(attribute.getGraphs(k)));
      }
    }
  }

  private void over(SparseTensorProto.Builder sparse) throws IOException {
    if (sparse.hasValues()) {
      sparse.setValues(visit(sparse.getValues()));
    }
    if (sparse.hasIndices()) {
      sparse.setIndices(visit(sparse.getIndices()));
    }
  }
}
