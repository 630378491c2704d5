package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.runtime.model.ModelFormatException;
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
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Keeps what a network says of images, in a folder: a large network takes an hour for ten thousand
 * images, and the real ones are the same every time. An entry is found by the network's identity
 * and the images' pixels, so it is never that of others. Some hundred images at a time are kept,
 * each such chunk with a checksum: an interrupted extraction goes on where it was, and what is
 * damaged is made again.
 *
 * @param folder made when it is needed
 */
public record FeatureCache(Path folder) {
  private static final int NAME = 16; // digits: more entries than anybody will have
  private static final int CHUNK = 256; // images, at most a batch more

  /**
   * What the network says of the images, from the folder or from itself; then the folder has it,
   * too. The progress counts images that are there already as done.
   *
   * @throws ModelFormatException if the network gives no features
   * @throws IOException if an entry cannot be written
   * @throws java.util.concurrent.CancellationException if the work was cancelled; finished chunks
   *     are kept
   */
  public NetworkOutput extract(FeatureNetwork network, ImageDataset images, Work work)
      throws IOException {
    Optional<String> identity = network.identity();
    if (identity.isEmpty()) {
      return network.extract(images, work);
    }
    byte[] hash = hash(identity.get(), images);
    int batch = network.batchSize();
    int rows = (CHUNK + batch - 1) / batch * batch; // so that batches are those of one run
    Files.createDirectories(folder);
    Path file =
        folder.resolve(HexFormat.of().formatHex(hash).substring(0, NAME) + FeatureEntry.ENDING);
    Optional<FeatureEntry> found =
        FeatureEntry.open(file, new FeatureEntry.Key(hash, images.size(), rows), work);
    if (found.isEmpty()) { // somebody else is making it
      return network.extract(images, work);
    }
    try (FeatureEntry entry = found.get()) {
      return new Extraction(network, images, work, rows).complete(entry);
    }
  }

  private static byte[] hash(String identity, ImageDataset images) {
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
    return digest.digest();
  }

  /** Of a set of images, a chunk at a time. */
  private record Extraction(FeatureNetwork network, ImageDataset images, Work work, int rows) {

    /** All chunks of an entry; makes and keeps those that it lacks. */
    NetworkOutput complete(FeatureEntry entry) throws IOException {
      NetworkOutput[] chunks = new NetworkOutput[(images.size() + rows - 1) / rows];
      for (int chunk = 0; chunk < chunks.length; chunk++) {
        work.cancellation().throwIfCancelled();
        chunks[chunk] =
            entry
                .read(chunk)
                .filter(kept -> kept.logits().isPresent() == network.hasLogits())
                .orElse(null);
      }
      for (int chunk = missing(chunks); chunk >= 0; chunk = missing(chunks)) {
        NetworkOutput made = make(chunk, done(chunks));
        if (!entry.fits(made)) { // then none of what is kept is this network's
          Arrays.fill(chunks, null);
        }
        entry.write(chunk, made);
        chunks[chunk] = made;
      }
      return join(List.of(chunks));
    }

    /** The first chunk that is not there; negative if all are. */
    private static int missing(NetworkOutput[] chunks) {
      return Arrays.asList(chunks).indexOf(null);
    }

    private int count(int chunk) {
      return Math.min(rows, images.size() - chunk * rows);
    }

    private int done(NetworkOutput[] chunks) {
      int done = 0;
      for (NetworkOutput chunk : chunks) {
        done += chunk == null ? 0 : chunk.features().count();
      }
      return done;
    }

    private NetworkOutput make(int chunk, int before) throws ModelFormatException {
      Work part =
          new Work(
              work.threads(),
              work.cancellation(),
              (stage, done, total) ->
                  work.progress().advanced(stage, before + done, images.size()));
      return network.extract(images, chunk * rows, count(chunk), part);
    }

    private static NetworkOutput join(List<NetworkOutput> chunks) {
      Features features = Features.join(chunks.stream().map(NetworkOutput::features).toList());
      return chunks.get(0).logits().isEmpty()
          ? new NetworkOutput(features, Optional.empty())
          : new NetworkOutput(
              features,
              Optional.of(Features.join(chunks.stream().map(c -> c.logits().get()).toList())));
    }
  }
}
