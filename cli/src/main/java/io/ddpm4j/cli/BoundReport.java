package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.runtime.likelihood.BoundStatistics;
import io.ddpm4j.runtime.likelihood.BoundStatistics.Figure;
import io.ddpm4j.runtime.schedule.SpacedSchedule;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/** What is said and written of a variational bound. */
final class BoundReport {
  static final String STATE = "bits-per-dim.state.json";
  private static final String RESULT = "bits-per-dim.json";
  private static final String TERMS = "bits-per-dim.csv";
  private static final String PICTURE = "bits-per-dim.png";

  private static final int TERM = 0x1F4E8C;
  private static final int X_0 = 0xE58A2B;
  private static final int EPSILON = 0x2A9D5C;

  private final EvaluationRequest request;
  private final SpacedSchedule spaced;
  private final BoundStatistics statistics;
  private final EvaluationState state;

  BoundReport(
      EvaluationRequest request,
      SpacedSchedule spaced,
      BoundStatistics statistics,
      EvaluationState state) {
    this.request = request;
    this.spaced = spaced;
    this.statistics = statistics;
    this.state = state;
  }

  /** Says what is going to be measured. */
  void printPlan(int images) {
    Map<String, String> settings = state.settings();
    String clip = settings.get("clip");
    PrintStream out = request.terminal().out();
    out.printf(
        "%s: %d images of %s%s, %d timesteps, %s, %s, seed %d%n",
        request.pipeline().model().name(),
        images,
        request.images().label(),
        request.images().told(),
        spaced.steps(),
        settings.get("variance"),
        clip.equals("none") ? "not clipped" : "clipped to ±" + clip,
        request.seed());
    if (statistics.images() > 0) {
      out.printf("going on after %d images%n", statistics.images());
    }
    out.flush();
  }

  /** The table. */
  void print() {
    PrintStream out = request.terminal().out();
    out.printf("%-22s %12s %16s%n", "bits/dim", "mean", "standard error");
    row(out, "L_T", statistics.prior());
    row(out, "L_1 to L_" + (spaced.steps() - 1), statistics.divergences());
    row(out, "L_0", statistics.term(0));
    row(out, "total", statistics.total());
    out.printf(
        Locale.ROOT,
        "%d images in %s, %.2f images/s%n",
        statistics.images(),
        ProgressBar.clock(state.seconds()),
        statistics.images() / state.seconds());
  }

  private static void row(PrintStream out, String name, Figure figure) {
    out.printf(Locale.ROOT, "%-22s %12.6f %16.6f%n", name, figure.mean(), figure.standardError());
  }

  /** Result, terms and picture. */
  void write() throws IOException {
    Path folder = request.folder();
    Path result = folder.resolve(RESULT);
    StateJson.writePlain(result, json());
    Path terms = folder.resolve(TERMS);
    byte[] csv = csv().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(terms, out -> out.write(csv));
    Path picture = folder.resolve(PICTURE);
    PngWriter.write(
        picture,
        chart().render(900, 500),
        Map.of("Source", request.name() + ", " + state.settings()));
    PrintStream out = request.terminal().out();
    for (Path file : new Path[] {result, terms, picture}) {
      out.printf("%s (%s)%n", file, Outputs.size(file));
    }
  }

  private JsonObject json() {
    JsonObject object = new JsonObject();
    object.addProperty("name", request.name());
    object.add("settings", new Gson().toJsonTree(state.settings()));
    object.addProperty("images", statistics.images());
    object.addProperty("seconds", state.seconds());
    object.addProperty("unit", "bits per dimension");
    object.add("total", figure(statistics.total()));
    object.add("L_T", figure(statistics.prior()));
    object.add("sum of L_t", figure(statistics.divergences()));
    object.add("L_0", figure(statistics.term(0)));
    return object;
  }

  /** Mean and standard error, which a single image does not have. */
  static JsonObject figure(Figure figure) {
    JsonObject object = new JsonObject();
    object.addProperty("mean", figure.mean());
    if (Double.isFinite(figure.standardError())) {
      object.addProperty("standard_error", figure.standardError());
    }
    return object;
  }

  private String csv() {
    StringBuilder text =
        new StringBuilder(
            "t,timestep,bits_per_dim,bits_per_dim_se,x0_mse,x0_mse_se,epsilon_mse,epsilon_mse_se\n");
    for (int t = 0; t < spaced.steps(); t++) {
      text.append(t).append(',').append(spaced.timestep(t));
      for (Figure figure :
          new Figure[] {statistics.term(t), statistics.x0Error(t), statistics.epsilonError(t)}) {
        text.append(',').append(figure.mean()).append(',');
        text.append(Double.isFinite(figure.standardError()) ? figure.standardError() : "");
      }
      text.append('\n');
    }
    return text.toString();
  }

  /** The terms and errors over the timesteps. */
  private LineChart chart() {
    double[] timesteps = Arrays.stream(spaced.timesteps()).asDoubleStream().toArray();
    return new LineChart("Terms of the bound")
        .xLabel("timestep")
        .logY()
        .line("L_t, bits/dim", TERM, timesteps, means(statistics::term))
        .line("error of x_0", X_0, timesteps, means(statistics::x0Error))
        .line("error of epsilon", EPSILON, timesteps, means(statistics::epsilonError));
  }

  private double[] means(IntFunction<Figure> figures) {
    double[] means = new double[spaced.steps()];
    Arrays.setAll(means, t -> figures.apply(t).mean());
    return means;
  }
}
