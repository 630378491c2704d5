package io.ddpm4j.trainer.autodiff;

import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;

/** The vector-Jacobian product of one operator, written with forward operators only. */
@FunctionalInterface
public interface GradientRule {
  /**
   * The gradients of the node's inputs. A gradient may still have the shape to which its input was
   * broadcast: the walk sums it back.
   *
   * @param ops adds to the graph of the node
   * @param node the forward node; {@code node.out()} is the forward result, there to be reused
   * @param dy the gradient of each output, null where none flows; never all null
   * @return one gradient for each input, null where none flows
   */
  List<Value> apply(Ops ops, Node node, Value... dy);
}
