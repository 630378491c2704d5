/**
 * One training step as ONNX graphs, and the session that runs them. The only package of the trainer
 * that touches ONNX Runtime.
 */
package io.ddpm4j.trainer.step;
