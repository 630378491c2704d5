package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.proto.GraphOutline;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The modules that nodes belong to, as exporters leave them in the nodes' names: {@code
 * down_blocks.0.resnets.0/Conv_37} and PyTorch's {@code /model/down_blocks.0/resnets.0/conv1/Conv}
 * both lie in {@code down_blocks.0}, {@code resnets.0}. What all nodes share is left out.
 */
final class Scopes {
  /** A word with the numbers behind it is one step: {@code resnets.0}. */
  private static final Pattern STEP = Pattern.compile("[^./]+(?:\\.\\d+(?=[./]|$))*");

  private final List<List<String>> paths = new ArrayList<>(); // by node

  Scopes(List<GraphOutline.Operator> nodes) {
    for (GraphOutline.Operator node : nodes) {
      paths.add(path(node.name()));
    }
    int shared = shared();
    if (shared > 0) {
      paths.replaceAll(path -> path.isEmpty() ? path : path.subList(shared, path.size()));
    }
  }

  private static List<String> path(String nodeName) {
    int end = nodeName.lastIndexOf('/');
    List<String> steps = new ArrayList<>();
    Matcher step = STEP.matcher(end < 0 ? "" : nodeName.substring(0, end));
    while (step.find()) {
      steps.add(step.group());
    }
    return steps;
  }

  /** How many steps all paths begin with that are not empty. */
  private int shared() {
    List<String> first = null;
    int shared = 0;
    for (List<String> path : paths) {
      if (path.isEmpty()) {
        continue;
      }
      if (first == null) {
        first = path;
        shared = path.size();
      }
      shared = Math.min(shared, path.size());
      for (int k = 0; k < shared; k++) {
        if (!first.get(k).equals(path.get(k))) {
          shared = k;
        }
      }
    }
    return shared;
  }

  int deepest() {
    return paths.stream().mapToInt(List::size).max().orElse(0);
  }

  /** The scope of a node down to a depth; empty for a node outside of all modules. */
  String of(int node, int depth) {
    List<String> path = paths.get(node);
    return String.join("/", path.subList(0, Math.min(depth, path.size())));
  }
}
