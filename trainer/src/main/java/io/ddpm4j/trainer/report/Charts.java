package io.ddpm4j.trainer.report;

import io.ddpm4j.runtime.image.LineChart;
import java.util.List;
import java.util.Locale;

/** The charts of a run. */
public final class Charts {
  private static final int RAW = 0xE58A2B;
  private static final int SMOOTH = 0x1F4E8C;
  private static final int VALIDATION = 0x2A9D5C;
  private static final int[] QUARTERS = {0xB5442E, 0xC98A1B, 0x3C8C5A, 0x2F5FA8};

  private Charts() {}

  /** The training loss, raw and smoothed, and the validation loss where it was measured. */
  public static LineChart loss(History history) {
    double[] steps = history.steps(Column.STEP);
    LineChart chart =
        new LineChart("Loss")
            .xLabel("step")
            .yLabel("loss")
            .logY()
            .faint("each step", RAW, steps, history.steps(Column.LOSS))
            .line("smoothed", SMOOTH, steps, history.steps(Column.SMOOTHED_LOSS));
    double[] measured = history.validations(Column.STEP);
    return measured.length == 0
        ? chart
        : chart.line(
            "validation", VALIDATION, measured, history.validations(Column.VALIDATION_LOSS));
  }

  /** The validation loss by quarter of T timesteps. */
  static LineChart quarters(History history, int trainTimesteps) {
    LineChart chart =
        new LineChart("Validation loss by quarter of the timesteps")
            .xLabel("step")
            .yLabel("mean squared error")
            .logY();
    List<Column> columns =
        List.of(
            Column.VALIDATION_Q1, Column.VALIDATION_Q2, Column.VALIDATION_Q3, Column.VALIDATION_Q4);
    for (int q = 0; q < columns.size(); q++) {
      chart.line(
          timesteps(q, trainTimesteps),
          QUARTERS[q],
          history.validations(Column.STEP),
          history.validations(columns.get(q)));
    }
    return chart;
  }

  /** The timesteps of a quarter: t 250-499. */
  static String timesteps(int quarter, int trainTimesteps) {
    int first = (quarter * trainTimesteps + 3) / 4;
    int last = ((quarter + 1) * trainTimesteps + 3) / 4 - 1;
    return String.format(Locale.ROOT, "t %d-%d", first, last);
  }

  static LineChart gradientNorm(History history) {
    return of("Gradient norm", "before clipping", history, Column.GRADIENT_NORM).logY();
  }

  static LineChart learningRate(History history) {
    return of("Learning rate", "", history, Column.LEARNING_RATE);
  }

  static LineChart speed(History history) {
    return of("Speed", "images per second", history, Column.IMAGES_PER_SECOND);
  }

  private static LineChart of(String title, String label, History history, Column column) {
    return new LineChart(title)
        .xLabel("step")
        .yLabel(label)
        .line("", SMOOTH, history.steps(Column.STEP), history.steps(column));
  }
}
