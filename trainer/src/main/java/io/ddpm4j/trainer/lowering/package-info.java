/**
 * How composite functions and their gradients are written for the device that trains. A train graph
 * is run by our own session only, so it may use what that session's device does best; exported
 * files never hold any of this. Depends on {@code exporter.graph} and {@code autodiff}.
 */
package io.ddpm4j.trainer.lowering;
