package io.ddpm4j.trainer.data;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Pictures from a folder and all folders inside it: files named {@code .png}, {@code .jpg} or
 * {@code .jpeg} in any case, hidden ones left out, in the order of their paths.
 *
 * <p>Any mode is read: grey, RGB or palette, with or without transparency, 1 to 16 bits. Each
 * picture is flattened on a background colour, cropped to its largest centred square and resized:
 * averaged over area to shrink, linearly interpolated to grow; photographs stand upright. All
 * arithmetic is on sRGB values, as browsers and the usual data pipelines do it. What cannot be read
 * (damaged, cut short, too large, CMYK) is named, skipped and counted. The images are decoded once,
 * by all processors, and held in memory.
 */
public final class ImageFolderDataset implements ImageDataset {
  private static final int REPORTED = 10;

  private final String name;
  private final String description;
  private final ImageFolderOptions options;
  private final ImageStore images;
  private final int[] labels;
  private final List<String> classNames;
  private final List<String> skipped;

  /** One picture that could be decoded, or the reason why not: one of the two is null. */
  private record Decoded(byte[] image, String failure) {}

  private ImageFolderDataset(
      Path folder,
      ImageFolderOptions options,
      ImageStore images,
      List<String> classOfImage,
      List<String> skipped) {
    this.options = options;
    this.images = images;
    this.skipped = List.copyOf(skipped);
    TreeMap<String, Integer> labelOfClass = new TreeMap<>();
    classOfImage.forEach(c -> labelOfClass.put(c, 0));
    this.classNames = List.copyOf(labelOfClass.keySet());
    for (int i = 0; i < classNames.size(); i++) {
      labelOfClass.put(classNames.get(i), i);
    }
    this.labels = classOfImage.stream().mapToInt(labelOfClass::get).toArray();
    Path last = folder.toAbsolutePath().normalize().getFileName();
    this.name = last == null ? "images" : last.toString();
    this.description =
        "%d images of %dx%dx%d from folder %s on background #%06x%s%s"
            .formatted(
                images.size(),
                options.size(),
                options.size(),
                options.channels(),
                name,
                options.background(),
                classNames.isEmpty() ? "" : ", " + classNames.size() + " classes",
                skipped.isEmpty() ? "" : ", " + skipped.size() + " unreadable files skipped");
  }

  /**
   * Reads a folder.
   *
   * @param folder where the pictures are
   * @param options what they become
   * @param warnings takes one sentence per unreadable file, on the calling thread, in order; the
   *     same sentences as {@link #skipped()}
   * @throws DatasetException if the folder is missing, holds no readable picture, or its images do
   *     not fit into memory
   */
  public static ImageFolderDataset open(
      Path folder, ImageFolderOptions options, Consumer<String> warnings) throws DatasetException {
    Objects.requireNonNull(warnings, "warnings");
    if (!Files.isDirectory(folder)) {
      throw new DatasetException(
          folder + (Files.exists(folder) ? ": expected a folder of images" : ": no such folder"));
    }
    List<String> skipped = new ArrayList<>();
    List<Path> files = find(folder, skipped);
    int size = options.size();
    long imageBytes = (long) options.channels() * size * size;
    ImageStore.requireFits(folder.toString(), files.size(), imageBytes);
    if (options.labelsFromFolders()) {
      requireClasses(folder, files);
    }

    ImageDecoder decoder =
        new ImageDecoder(options, DecodeMemory.beside(files.size() * imageBytes));
    Decoded[] decoded = new Decoded[files.size()];
    IntStream.range(0, decoded.length)
        .parallel()
        .forEach(i -> decoded[i] = decode(decoder, folder.resolve(files.get(i))));

    List<byte[]> readable = new ArrayList<>();
    List<String> classes = new ArrayList<>();
    for (int i = 0; i < decoded.length; i++) {
      if (decoded[i].failure() == null) {
        readable.add(decoded[i].image());
        if (options.labelsFromFolders()) {
          classes.add(files.get(i).getName(0).toString());
        }
      } else {
        skipped.add(decoded[i].failure());
      }
    }
    skipped.forEach(warnings);
    if (readable.isEmpty()) {
      throw new DatasetException(nothingReadable(folder, skipped));
    }
    return new ImageFolderDataset(folder, options, ImageStore.of(readable), classes, skipped);
  }

  /** Paths relative to the folder, sorted by code points with '/' between: the same everywhere. */
  private static List<Path> find(Path folder, List<String> skipped) throws DatasetException {
    List<Path> files = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          Integer.MAX_VALUE,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              return !dir.equals(folder) && isHidden(dir)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (attributes.isRegularFile() && isImage(file) && !isHidden(file)) {
                files.add(folder.relativize(file));
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              String reason =
                  e instanceof FileSystemLoopException
                      ? "a link back to a folder above"
                      : ImageDecoder.reason(e);
              skipped.add(file + ": skipped: " + reason);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new DatasetException(folder + ": cannot be read: " + ImageDecoder.reason(e), e);
    }
    files.sort(Comparator.comparing(ImageFolderDataset::slashed));
    return files;
  }

  private static String slashed(Path relative) {
    return relative.toString().replace('\\', '/');
  }

  private static boolean isHidden(Path path) {
    return path.getFileName() != null && path.getFileName().toString().startsWith(".");
  }

  private static boolean isImage(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
  }

  private static void requireClasses(Path folder, List<Path> files) throws DatasetException {
    for (Path file : files) {
      if (file.getNameCount() == 1) {
        throw new DatasetException(
            folder.resolve(file)
                + ": expected every image inside a folder that names its class, found one beside"
                + " these folders");
      }
    }
  }

  private static Decoded decode(ImageDecoder decoder, Path file) {
    try {
      return new Decoded(decoder.decode(file), null);
    } catch (IOException e) {
      return new Decoded(null, file + ": skipped: " + ImageDecoder.reason(e));
    }
  }

  private static String nothingReadable(Path folder, List<String> skipped) {
    if (skipped.isEmpty()) {
      return folder + ": expected PNG or JPEG images (.png, .jpg, .jpeg), found none";
    }
    return folder
        + ": none of "
        + skipped.size()
        + " images could be read: "
        + String.join("; ", skipped.subList(0, Math.min(REPORTED, skipped.size())))
        + (skipped.size() > REPORTED ? "; ..." : "");
  }

  /** One sentence per file that could not be read: its path and why. */
  public List<String> skipped() {
    return skipped;
  }

  @Override
  public String name() {
    return name;
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
    return options.channels();
  }

  @Override
  public int height() {
    return options.size();
  }

  @Override
  public int width() {
    return options.size();
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int label(int index) {
    Objects.checkIndex(index, size());
    return labels.length == 0 ? NO_LABEL : labels[index];
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    images.read(index, dest, offset);
  }
}
