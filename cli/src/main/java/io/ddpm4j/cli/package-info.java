/**
 * The command line. Parses, calls the other modules, prints, and says how it went by its exit code:
 * 0 done, 1 failed (one sentence on standard error), 2 wrong usage (an unknown command or option,
 * or a wrong value of one, also when it is the model that it does not fit), 130 interrupted.
 * Nothing else depends on this package.
 */
package io.ddpm4j.cli;
