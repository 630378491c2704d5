/**
 * One training step as one ONNX graph, and the session that runs it. {@link
 * io.ddpm4j.trainer.step.TrainSession} is the only class of the trainer that touches ONNX Runtime.
 */
package io.ddpm4j.trainer.step;
