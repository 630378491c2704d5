package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureSink;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.BitSet;
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
   * What the network says of the images, all of it in memory: see {@link #stream}.
   *
   * @throws ModelFormatException as {@link #stream}
   * @throws IOException as {@link #stream}
   * @throws java.util.concurrent.CancellationException as {@link #stream}
   */
  public NetworkOutput extract(FeatureNetwork network, ImageDataset images, Work work)
      throws IOException {
    List<NetworkOutput> chunks = new ArrayList<>();
    stream(network, images, work, (from, chunk) -> chunks.add(chunk));
    Features features = Features.join(chunks.stream().map(NetworkOutput::features).toList());
    return chunks.get(0).logits().isEmpty()
        ? new NetworkOutput(features, Optional.empty())
        : new NetworkOutput(
            features,
            Optional.of(Features.join(chunks.stream().map(c -> c.logits().get()).toList())));
  }

  /**
   * What the network says of the images, from the folder or from itself; then the folder has it,
   * too. In memory are some hundred images at a time. The progress counts images that are there
   * already as done.
   *
   * @throws ModelFormatException if the network gives no features
   * @throws IOException if an entry cannot be written
   * @throws java.util.concurrent.CancellationException if the work was cancelled; finished chunks
   *     are kept
   */
  public void stream(FeatureNetwork network, ImageDataset images, Work work, FeatureSink sink)
      throws IOException {
    int batch = network.batchSize();
    int rows = (CHUNK + batch - 1) / batch * batch; // so that batches are those of one run
    Extraction extraction = new Extraction(network, images, work, rows);
    Optional<String> identity = network.identity();
    if (identity.isEmpty()) {
      extraction.uncached(sink);
      return;
    }
    byte[] hash = hash(identity.get(), images, work);
    Files.createDirectories(folder);
    Path file =
        folder.resolve(HexFormat.of().formatHex(hash).substring(0, NAME) + FeatureEntry.ENDING);
    Optional<FeatureEntry> found =
        FeatureEntry.open(file, new FeatureEntry.Key(hash, images.size(), rows), work);
    if (found.isEmpty()) { // somebody else is making it
      extraction.uncached(sink);
      return;
    }
    try (FeatureEntry entry = found.get()) {
      extraction.complete(entry);
      extraction.deliver(entry, sink);
    }
  }

  private static byte[] hash(String identity, ImageDataset images, Work work) {
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
      work.cancellation().throwIfCancelled();
      images.read(i, image, 0);
      digest.update(image);
    }
    return digest.digest();
  }

  /** Of a set of images, a chunk at a time. */
  private record Extraction(FeatureNetwork network, ImageDataset images, Work work, int rows) {

    /** Makes and keeps the chunks that an entry lacks. */
    void complete(FeatureEntry entry) throws IOException {
      BitSet there = new BitSet();
      for (int chunk = 0; chunk < chunks(); chunk++) {
        work.cancellation().throwIfCancelled();
        there.set(chunk, kept(entry, chunk).isPresent());
      }
      for (int chunk = there.nextClearBit(0); chunk < chunks(); chunk = there.nextClearBit(0)) {
        NetworkOutput made = make(chunk, done(there));
        if (!entry.fits(made)) { // then none of what is kept is this network's
          there.clear();
        }
        entry.write(chunk, made);
        there.set(chunk);
      }
    }

    /** Hands over all chunks, which are there; what was damaged just now is made again. */
    void deliver(FeatureEntry entry, FeatureSink sink) throws IOException {
      for (int chunk = 0; chunk < chunks(); chunk++) {
        work.cancellation().throwIfCancelled();
        Optional<NetworkOutput> kept = kept(entry, chunk);
        sink.take(chunk * rows, kept.isPresent() ? kept.get() : make(chunk, chunk * rows));
      }
    }

    /** Makes all chunks and keeps none. */
    void uncached(FeatureSink sink) throws IOException {
      for (int chunk = 0; chunk < chunks(); chunk++) {
        sink.take(chunk * rows, make(chunk, chunk * rows));
      }
    }

    private int chunks() {
      return (images.size() + rows - 1) / rows;
    }

    private Optional<NetworkOutput> kept(FeatureEntry entry, int chunk) throws IOException {
      return entry.read(chunk).filter(output -> output.logits().isPresent() == network.hasLogits());
    }

    private int count(int chunk) {
      return Math.min(rows, images.size() - chunk * rows);
    }

    private int done(BitSet there) {
      return there.stream().map(this::count).sum();
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
  }
}
