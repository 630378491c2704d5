/**
 * What a run tells of itself in files that people read: the table {@code metrics.csv} ({@link
 * io.ddpm4j.trainer.report.Metrics}), charts of it, and one page of everything ({@link
 * io.ddpm4j.trainer.report.HtmlReport}). Takes plain numbers and texts; knows nothing of training.
 */
package io.ddpm4j.trainer.report;
