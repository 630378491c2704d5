/**
 * Images as vectors of features: {@link io.ddpm4j.trainer.evaluate.features.FeatureNetwork} runs
 * any ONNX image network, {@link io.ddpm4j.trainer.evaluate.features.Features} are what comes out.
 * May use data sets, {@code runtime} and Gson; knows nothing of training.
 */
package io.ddpm4j.trainer.evaluate.features;
