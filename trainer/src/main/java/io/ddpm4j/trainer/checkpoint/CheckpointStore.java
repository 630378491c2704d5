package io.ddpm4j.trainer.checkpoint;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.data.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder {@code checkpoints} of a run: one folder {@code step-00000500} for each checkpoint, of
 * at least eight digits, with {@code state.safetensors} and {@code checkpoint.json}. A folder is
 * written under another name and moved, so one that has its name is whole; the hash of its state
 * finds damage that came later.
 *
 * <p>Whatever else lies there, such as a copy {@code step-00000500-keep}, is nobody's checkpoint:
 * it is neither read nor deleted. One exception: a checkpoint that was being replaced when the
 * process died lies under {@code .step-00000500.old} and counts until the step is written again.
 */
public class CheckpointStore {
  private static final Pattern NAME =
      Pattern.compile("(step-(\\d{8,18}))|\\.(step-(\\d{8,18}))\\.old");
  private static final String STATE = "state.safetensors";
  private static final String DESCRIPTION = "checkpoint.json";
  private static final String CHECKSUM = "description_sha256";
  private static final int FORMAT = 1;

  private final Path folder;

  /**
   * @param folder need not exist yet
   */
  public CheckpointStore(Path folder) {
    this.folder = folder;
  }

  /** The folders of all checkpoints, oldest first. */
  public List<Path> all() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    TreeMap<Long, Path> found = new TreeMap<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      for (Path path : stream) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (name.matches() && Files.isDirectory(path)) {
          boolean old = name.group(1) == null;
          long step = Long.parseLong(name.group(old ? 4 : 2));
          if (name(step).equals(name.group(old ? 3 : 1))) { // no zero too many
            found.merge(step, path, (a, b) -> old ? a : b);
          }
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return List.copyOf(found.values());
  }

  private static String name(long step) {
    return "step-%08d".formatted(step);
  }

  /** The folder of the newest checkpoint. */
  public Optional<Path> latest() throws IOException {
    List<Path> all = all();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
  }

  /**
   * Writes a checkpoint.
   *
   * @return its folder
   * @throws IOException if that is impossible; nothing half-written stays
   */
  public Path write(Checkpoint checkpoint) throws IOException {
    String name = name(checkpoint.step());
    Path target = folder.resolve(name);
    Path temporary = folder.resolve("." + name + ".tmp");
    Path old = folder.resolve("." + name + ".old");
    try {
      Files.createDirectories(folder);
      delete(temporary);
      Files.createDirectory(temporary);
      Path state = temporary.resolve(STATE);
      Map<String, String> metadata = new LinkedHashMap<>(); // Map.of has no order
      metadata.put("format", "pt");
      metadata.put("step", Long.toString(checkpoint.step()));
      Safetensors tensors = new Safetensors(checkpoint.tensors(), metadata);
      AtomicFile.write(state, out -> writeState(tensors, out));
      byte[] json = describe(checkpoint, Sha256.of(state)).getBytes(StandardCharsets.UTF_8);
      AtomicFile.write(temporary.resolve(DESCRIPTION), out -> out.write(json));
      if (Files.exists(target)) { // the same step again: one of the two survives whatever happens
        delete(old);
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      delete(old);
      return target;
    } catch (IOException e) {
      CheckpointException failure =
          new CheckpointException(
              "cannot write the checkpoint " + target + ": " + e.getMessage(), e);
      try {
        delete(temporary);
        if (Files.exists(old) && !Files.exists(target)) {
          Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
        }
      } catch (IOException second) {
        failure.addSuppressed(second);
      }
      throw failure;
    }
  }

  /** Writes the tensors; what a full disk does here is tested with a subclass. */
  protected void writeState(Safetensors tensors, OutputStream out) throws IOException {
    tensors.write(out);
  }

  private static String describe(Checkpoint checkpoint, String sha256) {
    JsonObject o = new JsonObject();
    o.addProperty("format", FORMAT);
    o.addProperty("step", checkpoint.step());
    o.addProperty("images", checkpoint.images());
    o.addProperty("seed", checkpoint.seed());
    JsonObject position = new JsonObject();
    position.addProperty("epoch", checkpoint.position().epoch());
    position.addProperty("offset", checkpoint.position().offset());
    o.add("data_position", position);
    o.addProperty("smoothed_loss", checkpoint.smoothedLoss());
    o.addProperty("seconds", checkpoint.seconds());
    o.add("recovery", write(checkpoint.recovery()));
    o.addProperty("state_sha256", sha256);
    o.add("unet", JsonParser.parseString(checkpoint.unet()));
    Gson gson = new GsonBuilder().setPrettyPrinting().serializeNulls().create();
    o.addProperty(CHECKSUM, Sha256.of(JsonParser.parseString(gson.toJson(o)).toString()));
    return gson.toJson(o);
  }

  private static JsonObject write(Recovery recovery) {
    JsonObject o = new JsonObject();
    o.addProperty("count", recovery.count());
    o.addProperty("learning_rate", recovery.learningRate());
    o.addProperty("rate_factor", recovery.rateFactor());
    o.addProperty("skipped_steps", recovery.skippedSteps());
    JsonArray losses = new JsonArray();
    recovery.recentLosses().forEach(losses::add);
    o.add("recent_losses", losses);
    return o;
  }

  private static Recovery recovery(JsonObject o) {
    if (o == null) { // of a version that did not recover
      return Recovery.none(0);
    }
    List<Float> losses = new ArrayList<>();
    o.getAsJsonArray("recent_losses").forEach(loss -> losses.add(loss.getAsFloat()));
    return new Recovery(
        o.get("count").getAsInt(),
        o.get("learning_rate").getAsDouble(),
        o.get("rate_factor").getAsDouble(),
        o.get("skipped_steps").getAsLong(),
        losses);
  }

  /**
   * Reads a checkpoint.
   *
   * @throws CheckpointException if it is damaged, or of a format that is not known
   */
  public Checkpoint read(Path checkpoint) throws IOException {
    JsonObject o = description(checkpoint.resolve(DESCRIPTION));
    Path state = checkpoint.resolve(STATE);
    if (!Files.isRegularFile(state)) {
      throw damaged(checkpoint, "expected a file " + STATE + ", found none", null);
    }
    try {
      int format = o.get("format").getAsInt();
      if (format != FORMAT) {
        throw new CheckpointException(
            checkpoint + ": expected a checkpoint of format " + FORMAT + ", found " + format);
      }
      JsonElement checksum = o.remove(CHECKSUM); // early checkpoints have none
      if (checksum != null && !checksum.getAsString().equals(Sha256.of(o.toString()))) {
        throw damaged(checkpoint, "expected " + DESCRIPTION + " as it was written", null);
      }
      String expected = o.get("state_sha256").getAsString();
      String found = Sha256.of(state);
      if (!found.equals(expected)) {
        throw damaged(
            checkpoint,
            "expected " + STATE + " with SHA-256 " + expected + ", found " + found,
            null);
      }
      JsonObject position = o.getAsJsonObject("data_position");
      return new Checkpoint(
          o.get("step").getAsLong(),
          o.get("images").getAsLong(),
          o.get("seed").getAsLong(),
          new DataPosition(position.get("epoch").getAsLong(), position.get("offset").getAsInt()),
          o.get("smoothed_loss").getAsDouble(),
          o.get("seconds").getAsDouble(),
          recovery(o.getAsJsonObject("recovery")),
          o.get("unet").toString(),
          Safetensors.read(state).tensors());
    } catch (RuntimeException e) {
      throw damaged(checkpoint, "expected all fields in " + DESCRIPTION + ", found fewer", e);
    }
  }

  private JsonObject description(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw damaged(file.getParent(), "expected a file " + DESCRIPTION + ", found none", null);
    }
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException | CharacterCodingException e) {
      throw damaged(
          file.getParent(), "expected JSON in " + DESCRIPTION + ", found something else", e);
    }
  }

  private CheckpointException damaged(Path checkpoint, String what, Exception cause)
      throws IOException {
    List<Path> all = all();
    int index = all.indexOf(checkpoint);
    String advice =
        index > 0 ? "; delete that folder to go on from " + all.get(index - 1).getFileName() : "";
    return new CheckpointException(
        "the checkpoint " + checkpoint + " is damaged: " + what + advice, cause);
  }

  /**
   * Sets a checkpoint aside that is none to go on from: under a name with {@code -diverged} behind
   * it, it is nobody's.
   */
  public void setAside(Path checkpoint) throws IOException {
    Path aside = folder.resolve(checkpoint.getFileName() + "-diverged");
    delete(aside);
    Files.move(checkpoint, aside, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The step that a checkpoint's folder is named after. */
  public static long step(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().replaceAll("\\D", ""));
  }

  /** Deletes all but the newest {@code keep}. */
  public void prune(int keep) throws IOException {
    prune(keep, step -> false);
  }

  /** Deletes all but the newest {@code keep} and those of certain steps. */
  public void prune(int keep, LongPredicate kept) throws IOException {
    List<Path> all = all();
    for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
      if (!kept.test(step(old))) {
        delete(old);
      }
    }
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(path)) {
      for (Path p : walk.sorted(Collections.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }
}
