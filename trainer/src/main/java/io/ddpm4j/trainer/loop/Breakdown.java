package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.data.DataPosition;

/**
 * Training has broken down.
 *
 * @param reason a clause that names the step
 * @param step that showed it
 * @param doubtful how many states before that step's are as bad as its own, for all that is known
 * @param next where the data go on that led to nothing so far
 */
record Breakdown(String reason, long step, int doubtful, DataPosition next) {}
