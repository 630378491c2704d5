package io.ddpm4j.trainer.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The emoji of Noto Color Emoji, Google's font: some 1,900 coloured pictures in nine classes, from
 * the npm package {@code emoji-datasource-google}. Nothing is downloaded: the package is found
 * where {@code npm install} puts it, or in a folder of the user's.
 *
 * <p>Each emoji is there once, in the yellow of no skin tone, flattened on white and reduced as
 * {@link ImageFolderDataset} reduces pictures. Swatches of skin tones are left out, and so are
 * pictures that another emoji has already: the flag of France is that of two islands, too. The
 * images are decoded once and held in memory.
 */
public final class EmojiDataset implements ImageDataset {
  /** The name by which {@link Datasets} knows it. */
  public static final String NAME = "emoji";

  /** Side of an image in pixels unless asked otherwise; the files have 64. */
  public static final int DEFAULT_IMAGE_SIZE = 32;

  /** Unicode's category of what is no picture by itself: swatches of skin tones. */
  private static final String COMPONENT = "Component";

  private final String description;
  private final int imageSize;
  private final ImageStore images;
  private final byte[] labels;

  private EmojiDataset(Map<ByteBuffer, EmojiClass> pictures, int imageSize) {
    this.imageSize = imageSize;
    this.images = ImageStore.of(pictures.keySet().stream().map(ByteBuffer::array).toList());
    this.labels = new byte[pictures.size()];
    int i = 0;
    for (EmojiClass c : pictures.values()) {
      labels[i++] = (byte) c.ordinal();
    }
    this.description =
        "%d images of %dx%dx3 from %s %s on background #%06x, %d classes"
            .formatted(
                images.size(),
                imageSize,
                imageSize,
                EmojiPackage.NAME,
                EmojiPackage.VERSION,
                ImageFolderOptions.DEFAULT_BACKGROUND,
                EmojiClass.NAMES.size());
  }

  /**
   * Reads the package.
   *
   * @param dataDir the folder that holds its {@code package.json}; if empty, {@code
   *     node_modules/emoji-datasource-google} in the working folder or the nearest one above it
   * @param imageSize side of every image in pixels, 1 to 4096
   * @throws DatasetException if the package is not there (the message says how to get it), is
   *     another version, lacks a picture, or is damaged
   */
  public static EmojiDataset open(Optional<Path> dataDir, int imageSize) throws DatasetException {
    return read(dataDir.orElseGet(() -> installed(Path.of(""))), imageSize);
  }

  /** Where npm installs, and Node looks, from a folder on. */
  static Path installed(Path workingFolder) {
    Path below = Path.of("node_modules", EmojiPackage.NAME);
    for (Path at = workingFolder.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve(below))) {
        return at.resolve(below);
      }
    }
    return below;
  }

  private static EmojiDataset read(Path folder, int imageSize) throws DatasetException {
    ImageFolderOptions options = ImageFolderOptions.ofSize(imageSize);
    List<EmojiPackage.Emoji> emoji = new ArrayList<>();
    List<EmojiClass> classes = new ArrayList<>();
    for (EmojiPackage.Emoji e : EmojiPackage.open(folder).emoji()) {
      if (!e.category().equals(COMPONENT)) {
        emoji.add(e);
        classes.add(EmojiClass.of(e.category(), folder));
      }
    }
    if (emoji.isEmpty()) {
      throw new DatasetException(folder.resolve("emoji.json") + ": expected emoji, found none");
    }
    long bytes = 3L * imageSize * imageSize;
    ImageStore.requireFits(folder.toString(), emoji.size(), bytes);

    ImageDecoder decoder = new ImageDecoder(options, DecodeMemory.beside(emoji.size() * bytes));
    Object[] decoded =
        IntStream.range(0, emoji.size())
            .parallel()
            .mapToObj(i -> decode(decoder, emoji.get(i).image()))
            .toArray();
    Map<ByteBuffer, EmojiClass> pictures = new LinkedHashMap<>();
    for (int i = 0; i < decoded.length; i++) {
      if (decoded[i] instanceof DatasetException failure) {
        throw failure;
      }
      pictures.putIfAbsent(ByteBuffer.wrap((byte[]) decoded[i]), classes.get(i));
    }
    return new EmojiDataset(pictures, imageSize);
  }

  /** The picture, or the exception that says why there is none. */
  private static Object decode(ImageDecoder decoder, Path file) {
    try {
      return decoder.decode(file);
    } catch (IOException e) {
      return new DatasetException(file + ": cannot be read: " + EmojiPackage.reason(e), e);
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public int channels() {
    return 3;
  }

  @Override
  public int height() {
    return imageSize;
  }

  @Override
  public int width() {
    return imageSize;
  }

  @Override
  public List<String> classNames() {
    return EmojiClass.NAMES;
  }

  @Override
  public int label(int index) {
    return labels[Objects.checkIndex(index, labels.length)];
  }

  /** Faces, people, animals and food; not clocks, letters, arrows and flags. */
  @Override
  public boolean mirrorable(int index) {
    return EmojiClass.values()[label(index)].mirrorable;
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    images.read(index, dest, offset);
  }

  /** Unicode's categories, in its order. */
  private enum EmojiClass {
    SMILEYS("Smileys & Emotion", true),
    PEOPLE("People & Body", true),
    ANIMALS("Animals & Nature", true),
    FOOD("Food & Drink", true),
    TRAVEL("Travel & Places", false),
    ACTIVITIES("Activities", false),
    OBJECTS("Objects", false),
    SYMBOLS("Symbols", false),
    FLAGS("Flags", false);

    static final List<String> NAMES =
        Arrays.stream(values()).map(c -> c.name().toLowerCase(Locale.ROOT)).toList();

    private final String category;
    private final boolean mirrorable;

    EmojiClass(String category, boolean mirrorable) {
      this.category = category;
      this.mirrorable = mirrorable;
    }

    static EmojiClass of(String category, Path folder) throws DatasetException {
      for (EmojiClass c : values()) {
        if (c.category.equals(category)) {
          return c;
        }
      }
      throw new DatasetException(
          "%s: expected one of the categories %s, found '%s'"
              .formatted(
                  folder.resolve("emoji.json"),
                  String.join(", ", Arrays.stream(values()).map(c -> c.category).toList()),
                  category));
    }
  }
}
