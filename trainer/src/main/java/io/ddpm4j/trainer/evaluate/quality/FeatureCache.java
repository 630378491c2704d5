package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Keeps what a network says of images, in a folder: a large network takes an hour for ten thousand
 * images, and the real ones are the same every time. An entry is found by the network's identity
 * and the images' pixels, so it is never that of others.
 *
 * @param folder made when it is needed
 */
public record FeatureCache(Path folder) {
  private static final int NAME = 16; // digits: more entries than anybody will have

  /**
   * What the network says of the images, from the folder or from itself; then the folder has it,
   * too.
   *
   * @throws io.ddpm4j.runtime.model.ModelFormatException if the network gives no features
   * @throws IOException if an entry cannot be written
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public NetworkOutput extract(FeatureNetwork network, ImageDataset images, Work work)
      throws IOException {
    Optional<String> identity = network.identity();
    if (identity.isEmpty()) {
      return network.extract(images, work);
    }
    String name = hash(identity.get(), images).substring(0, NAME);
    Path features = folder.resolve(name + "-features.npy");
    Path logits = folder.resolve(name + "-logits.npy");
    Optional<NetworkOutput> kept = read(features, network.hasLogits() ? logits : null, images);
    if (kept.isPresent()) {
      return kept.get();
    }
    NetworkOutput made = network.extract(images, work);
    Files.createDirectories(folder);
    if (made.logits().isPresent()) {
      made.logits().get().save(logits);
    }
    made.features().save(features);
    return made;
  }

  /** Empty where nothing is kept, or what is kept is damaged: then it is made again. */
  private static Optional<NetworkOutput> read(Path features, Path logits, ImageDataset images) {
    if (!Files.exists(features)) {
      return Optional.empty();
    }
    try {
      Features first = Features.load(features);
      Optional<Features> second =
          logits == null ? Optional.empty() : Optional.of(Features.load(logits));
      boolean whole =
          first.count() == images.size()
              && second.map(found -> found.count() == images.size()).orElse(true);
      return whole ? Optional.of(new NetworkOutput(first, second)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String hash(String identity, ImageDataset images) {
    MessageDigest digest = Sha256.digest();
    digest.update(identity.getBytes(StandardCharsets.UTF_8));
    digest.update(
        ByteBuffer.allocate(3 * Integer.BYTES)
            .putInt(images.channels())
            .putInt(images.height())
            .putInt(images.width())
            .flip());
    byte[] image = new byte[images.imageBytes()];
    for (int i = 0; i < images.size(); i++) {
      images.read(i, image, 0);
      digest.update(image);
    }
    return Sha256.hex(digest);
  }
}
