/**
 * Images that a model made, kept in files that grow: ten thousand of them take hours, so a batch
 * that is finished stays, and what is missing is made later. {@link
 * io.ddpm4j.trainer.evaluate.samples.SampleFile} is the file, {@link
 * io.ddpm4j.trainer.evaluate.samples.SampleWriter} makes what it lacks.
 */
package io.ddpm4j.trainer.evaluate.samples;
