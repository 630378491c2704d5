package io.ddpm4j.cli;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** What images are known by, wherever they come from. */
final class DataFingerprint {
  private static final int DIGITS = 16; // can be compared by eye

  private DataFingerprint() {}

  /**
   * The first digits of the SHA-256 of shape, class names, and every image with its label.
   *
   * @throws java.util.concurrent.CancellationException after a cancellation
   */
  static String of(ImageDataset data, Cancellation cancellation) {
    MessageDigest digest = Sha256.digest();
    String head =
        "%dx%dx%d %s".formatted(data.channels(), data.height(), data.width(), data.classNames());
    digest.update(head.getBytes(StandardCharsets.UTF_8));
    byte[] image = new byte[data.imageBytes()];
    for (int i = 0; i < data.size(); i++) {
      cancellation.throwIfCancelled();
      data.read(i, image, 0);
      digest.update(image);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, data.label(i)));
    }
    return Sha256.hex(digest).substring(0, DIGITS);
  }
}
