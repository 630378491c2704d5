/**
 * Networks that predict noise. Sampling code sees only {@link
 * io.ddpm4j.runtime.model.EpsilonModel}. Two classes of the module touch ONNX Runtime, and hide it
 * from all others: {@code OnnxSession} and {@code DirectTensor}. Public for applications that bring
 * their own loop.
 */
package io.ddpm4j.runtime.model;
