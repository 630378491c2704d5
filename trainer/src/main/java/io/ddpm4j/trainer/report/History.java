package io.ddpm4j.trainer.report;

import java.util.Map;

/** The rows of a run so far, as many as a picture can show, and apart those with a validation. */
public final class History {
  private static final Column[] COLUMNS = Column.values();

  private final Curve steps = new Curve(COLUMNS.length);
  private final Curve validations = new Curve(COLUMNS.length);

  /** Adds a row; what is not in it was not measured. */
  void add(Map<Column, Double> row) {
    double[] point = new double[COLUMNS.length];
    for (Column column : COLUMNS) {
      point[column.ordinal()] = row.getOrDefault(column, Double.NaN);
    }
    steps.add(point);
    if (row.containsKey(Column.VALIDATION_LOSS)) {
      validations.add(point);
    }
  }

  /** A column of the rows. */
  public double[] steps(Column column) {
    return steps.column(column.ordinal());
  }

  /** A column of the rows with a validation. */
  public double[] validations(Column column) {
    return validations.column(column.ordinal());
  }
}
