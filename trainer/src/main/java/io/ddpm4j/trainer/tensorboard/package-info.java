/**
 * Event files that TensorBoard reads: {@link io.ddpm4j.trainer.tensorboard.EventFile} writes
 * scalars and images. Knows nothing of training; the only package of the module that sees Protobuf.
 */
package io.ddpm4j.trainer.tensorboard;
