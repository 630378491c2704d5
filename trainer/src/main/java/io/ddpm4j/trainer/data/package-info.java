/**
 * Where training images come from: data sets that hand out 8-bit images by index, and the iterator
 * that turns one into an endless, reproducible, resumable sequence of batches.
 *
 * <p>An image is unsigned bytes in (C, H, W) order, 0 black to 255 white, in sRGB; a batch is (N,
 * C, H, W). Nothing here scales to [-1, 1]: the train graph does, so that a quarter of the bytes
 * crosses into ONNX Runtime. The package depends on the JDK and Gson alone; the training loop and
 * the command line use it.
 */
package io.ddpm4j.trainer.data;
