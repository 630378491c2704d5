package io.ddpm4j.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What every kind of export is given.
 *
 * @param source what is read
 * @param output of {@code -o}
 * @param form of {@code --opset}, {@code --fp16} and the like
 * @param scheduler of {@code --scheduler}
 * @param terminal where it is said what was written
 */
record ExportRequest(
    ExportSource source,
    Optional<Path> output,
    ModelFormOptions form,
    SchedulerOption scheduler,
    Terminal terminal) {}
