package io.ddpm4j.trainer.report;

import java.util.Locale;

/** A column of {@code metrics.csv}, in the file's order, and its name in TensorBoard. */
public enum Column {
  /** Steps done, from 1. */
  STEP("%.0f", ""),
  /** How often the images were gone through. */
  EPOCH("%.4f", "progress/epoch"),
  /** Of this batch. */
  LOSS("%.6g", "loss/step"),
  /** Its running mean. */
  SMOOTHED_LOSS("%.6g", "loss/smoothed"),
  /** On held-out images, over all timesteps. */
  VALIDATION_LOSS("%.6g", "loss/validation"),
  /** Of the quarter of the timesteps with the least noise. */
  VALIDATION_Q1("%.6g", "validation/q1"),
  /** Of the second quarter. */
  VALIDATION_Q2("%.6g", "validation/q2"),
  /** Of the third quarter. */
  VALIDATION_Q3("%.6g", "validation/q3"),
  /** Of the quarter with the most noise. */
  VALIDATION_Q4("%.6g", "validation/q4"),
  /** Before clipping. */
  GRADIENT_NORM("%.6g", "optimizer/gradient_norm"),
  /** Of this step. */
  LEARNING_RATE("%.6g", "optimizer/learning_rate"),
  /** Over about the last twenty steps. */
  IMAGES_PER_SECOND("%.1f", "progress/images_per_second");

  private final String format;
  private final String tag;

  Column(String format, String tag) {
    this.format = format;
    this.tag = tag;
  }

  /** The file's name of it: {@code smoothed_loss}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** TensorBoard's name of it; empty where it is none of its numbers. */
  public String tag() {
    return tag;
  }

  /** A cell of the file. */
  String format(double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
