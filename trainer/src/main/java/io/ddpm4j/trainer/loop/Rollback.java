package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.Recovery;
import java.math.BigDecimal;
import java.math.MathContext;

/**
 * A run went back to its last good state, to go on with a lower learning rate and with the batches
 * after those that it had broken down with.
 *
 * @param reason a clause that says how training broke down
 * @param failedStep the step that showed it
 * @param step of the state that the run goes on from; 0 for its first weights
 * @param count how often the run has gone back by now
 * @param learningRate from now on, after warm-up and before decay
 */
public record Rollback(String reason, long failedStep, long step, int count, double learningRate) {

  /** One line that says it. */
  public String sentence() {
    return "%s: back to step %d with half the learning rate, %s (%d of %d times)"
        .formatted(
            reason,
            step,
            new BigDecimal(learningRate).round(new MathContext(3)).stripTrailingZeros(),
            count,
            Recovery.MOST);
  }
}
