/**
 * Networks that predict noise. Sampling code sees only {@link
 * io.ddpm4j.runtime.model.EpsilonModel}; {@link io.ddpm4j.runtime.model.OnnxEpsilonModel} is the
 * one class of the module that touches ONNX Runtime. Public for applications that bring their own
 * loop.
 */
package io.ddpm4j.runtime.model;
