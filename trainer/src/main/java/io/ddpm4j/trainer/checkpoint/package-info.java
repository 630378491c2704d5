/** The state of a run on disk: written whole or not at all, checked when read. */
package io.ddpm4j.trainer.checkpoint;
