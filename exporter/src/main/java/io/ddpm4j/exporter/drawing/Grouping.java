package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.proto.GraphOutline;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Nodes put together by the module that they belong to. A module that data leave and come back to
 * becomes several groups, so that data pass each group once.
 */
final class Grouping {
  /** What is worth a box of its own where no module tells what belongs together. */
  private static final Set<String> HEAVY =
      Set.of(
          "Attention",
          "Conv",
          "ConvInteger",
          "ConvTranspose",
          "Einsum",
          "GRU",
          "Gemm",
          "If",
          "LSTM",
          "Loop",
          "MatMul",
          "MatMulInteger",
          "QLinearConv",
          "QLinearMatMul",
          "Scan");

  private final GraphOutline outline;
  private final Flow flow;
  private final Map<Integer, String> keys = new HashMap<>(); // by node; # begins those of no module
  private final Map<Integer, String> names = new HashMap<>(); // by node, for people
  private final Map<Integer, Integer> groups = new LinkedHashMap<>(); // by node
  private final Map<Integer, String> titles = new HashMap<>(); // by group

  /**
   * @param depth how many steps of the modules' names count; 0 gives each node a group of its own
   */
  Grouping(GraphOutline outline, Flow flow, Scopes scopes, int depth) {
    this.outline = outline;
    this.flow = flow;
    Set<String> around = new HashSet<>(); // modules that hold further ones
    for (int node : flow.nodes()) {
      String scope = scopes.of(node, depth);
      for (int end = scope.lastIndexOf('/'); end > 0; end = scope.lastIndexOf('/', end - 1)) {
        around.add(scope.substring(0, end));
      }
    }
    for (int node : flow.nodes()) {
      String scope = scopes.of(node, depth);
      boolean between = scope.isEmpty() || around.contains(scope);
      keys.put(node, between ? "#" + node : scope);
      String op = outline.nodes().get(node).op();
      names.put(node, scope.isEmpty() ? op : between ? scope + "/" + op : scope);
    }
    if (depth > 0) {
      adopt();
    }
    number();
  }

  /** Nodes outside of the modules, or between those inside of one, join one that they serve. */
  private void adopt() {
    List<Integer> nodes = flow.nodes();
    for (int k = nodes.size() - 1; k >= 0; k--) {
      joinTheOnly(nodes.get(k), flow.after(nodes.get(k)), false);
    }
    for (int node : nodes) {
      joinTheOnly(node, flow.before(node), !HEAVY.contains(outline.nodes().get(node).op()));
    }
  }

  /**
   * @param alsoNodes whether it may join a node outside of all modules
   */
  private void joinTheOnly(int node, Set<Integer> neighbours, boolean alsoNodes) {
    if (isOutside(keys.get(node))) {
      List<String> theirs = neighbours.stream().map(keys::get).distinct().toList();
      if (theirs.size() == 1 && (alsoNodes || !isOutside(theirs.get(0)))) {
        keys.put(node, theirs.get(0));
      }
    }
  }

  private static boolean isOutside(String key) {
    return key.startsWith("#");
  }

  private void number() {
    Map<Integer, Map<String, Integer>> visits = new HashMap<>(); // by node, of modules left before
    Map<Integer, Integer> visit = new HashMap<>(); // by node, of its own module
    Map<String, Integer> ids = new HashMap<>();
    for (int node : flow.nodes()) {
      String key = keys.get(node);
      Map<String, Integer> left = new HashMap<>();
      int own = 0;
      for (int source : flow.before(node)) {
        visits.get(source).forEach((module, n) -> left.merge(module, n, Math::max));
        if (keys.get(source).equals(key)) {
          own = Math.max(own, visit.get(source));
        } else {
          left.merge(keys.get(source), visit.get(source), Math::max);
        }
      }
      own = Math.max(own, left.getOrDefault(key, -1) + 1);
      visits.put(node, left);
      visit.put(node, own);
      String title = isOutside(key) ? names.get(node) : key;
      int id = ids.computeIfAbsent(key + '\n' + own, k -> ids.size());
      groups.put(node, id);
      titles.putIfAbsent(id, title);
    }
  }

  int size() {
    return titles.size();
  }

  /** The group of a node of the flow. */
  int of(int node) {
    return groups.get(node);
  }

  String title(int group) {
    return titles.get(group);
  }
}
