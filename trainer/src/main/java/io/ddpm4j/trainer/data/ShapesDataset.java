package io.ddpm4j.trainer.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Generated pictures that need no files: one large shape of a saturated colour near the middle of a
 * white square, edges anti-aliased, the kind of shape being the class. Plain enough that a small
 * network draws recognisable ones after some hundred steps.
 *
 * <p>An image is a function of seed, index and image size alone, the same to the bit on every
 * machine: only +, -, *, / on doubles (exact in IEEE 754) and integers, no platform graphics.
 * Classes and colours are equally frequent. Images are drawn when first read, then kept.
 */
public final class ShapesDataset implements ImageDataset {
  /** The name by which {@link Datasets} knows it. */
  public static final String NAME = "shapes";

  /** Number of images unless asked otherwise. */
  public static final int DEFAULT_SIZE = 6_000;

  /** Side of an image in pixels unless asked otherwise. */
  public static final int DEFAULT_IMAGE_SIZE = 32;

  private static final int MIN_IMAGE_SIZE = 8;
  private static final int MAX_IMAGE_SIZE = 512;
  private static final int CHANNELS = 3;
  private static final int BACKGROUND = 0xffffff;

  /** Sub-pixels per pixel and axis: 65 levels of coverage. */
  private static final int SUBPIXELS = 8;

  /** Far apart in hue, and dark enough to stand out on white. */
  private static final int[] COLOURS = {
    0xe6261f, // red
    0xf29a0b, // orange
    0x1fa64a, // green
    0x12a5c9, // cyan
    0x2a4fd6, // blue
    0xa22cc4, // purple
  };

  private final int count;
  private final int imageSize;
  private final long seed;
  private final AtomicReferenceArray<byte[]> drawn;

  /**
   * Describes a set; nothing is drawn yet.
   *
   * @param count number of images, at least 1
   * @param imageSize side in pixels, 8 to 512
   * @param seed seed of places, sizes and the order of classes and colours
   */
  public ShapesDataset(int count, int imageSize, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("expected at least 1 image of shapes, found " + count);
    }
    if (imageSize < MIN_IMAGE_SIZE || imageSize > MAX_IMAGE_SIZE) {
      throw new IllegalArgumentException(
          "expected shapes of %d to %d pixels a side, found %d"
              .formatted(MIN_IMAGE_SIZE, MAX_IMAGE_SIZE, imageSize));
    }
    this.count = count;
    this.imageSize = imageSize;
    this.seed = seed;
    this.drawn = new AtomicReferenceArray<>(count);
  }

  /** {@value #DEFAULT_SIZE} images of {@value #DEFAULT_IMAGE_SIZE} pixels a side, of seed 0. */
  public ShapesDataset() {
    this(DEFAULT_SIZE, DEFAULT_IMAGE_SIZE, 0);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "%d generated images of %dx%dx%d, coloured shapes of seed %d, %d classes"
        .formatted(count, imageSize, imageSize, CHANNELS, seed, classNames().size());
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public int channels() {
    return CHANNELS;
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
    return ShapeKind.NAMES;
  }

  @Override
  public int label(int index) {
    return combination(Objects.checkIndex(index, count)) % ShapeKind.KINDS.length;
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    byte[] image = drawn.get(index);
    if (image == null) {
      image = draw(index);
      drawn.set(index, image); // drawn twice by two threads at once: the same bytes
    }
    System.arraycopy(image, 0, dest, offset, image.length);
  }

  /** Class and colour together: every run of 36 images holds each pair once. */
  private int combination(int index) {
    int pairs = ShapeKind.KINDS.length * COLOURS.length;
    return (int) Math.floorMod(index + seed % pairs, (long) pairs);
  }

  private byte[] draw(int index) {
    int combination = combination(index);
    ShapeKind kind = ShapeKind.KINDS[combination % ShapeKind.KINDS.length];
    int colour = COLOURS[combination / ShapeKind.KINDS.length];

    SplitMix64 random = new SplitMix64(SplitMix64.derive(seed, index));
    double radius = imageSize * (0.31 + 0.08 * random.nextDouble());
    double centreX = imageSize * (0.5 + 0.12 * (random.nextDouble() - 0.5));
    double centreY = imageSize * (0.5 + 0.12 * (random.nextDouble() - 0.5));

    int plane = imageSize * imageSize;
    byte[] image = new byte[CHANNELS * plane];
    for (int y = 0; y < imageSize; y++) {
      for (int x = 0; x < imageSize; x++) {
        int covered = coverage(kind, x - centreX, y - centreY, radius);
        for (int c = 0; c < CHANNELS; c++) {
          int shift = 16 - 8 * c;
          image[c * plane + y * imageSize + x] =
              blend(BACKGROUND >> shift & 0xff, colour >> shift & 0xff, covered);
        }
      }
    }
    return image;
  }

  /** How many of the {@value #SUBPIXELS}² points of the pixel at (x, y) lie inside the shape. */
  private static int coverage(ShapeKind kind, double x, double y, double radius) {
    int covered = 0;
    for (int sy = 0; sy < SUBPIXELS; sy++) {
      double v = (y + (sy + 0.5) / SUBPIXELS) / radius;
      for (int sx = 0; sx < SUBPIXELS; sx++) {
        double u = (x + (sx + 0.5) / SUBPIXELS) / radius;
        covered += kind.contains(u, v) ? 1 : 0;
      }
    }
    return covered;
  }

  private static byte blend(int background, int foreground, int covered) {
    int all = SUBPIXELS * SUBPIXELS;
    return (byte) ((background * (all - covered) + foreground * covered + all / 2) / all);
  }

  /** The kinds of shapes, in label order; u to the right, v down, about 1 from the centre. */
  private enum ShapeKind {
    CIRCLE {
      @Override
      boolean contains(double u, double v) {
        return u * u + v * v <= 1;
      }
    },
    SQUARE {
      @Override
      boolean contains(double u, double v) {
        return Math.abs(u) <= 0.88 && Math.abs(v) <= 0.88;
      }
    },
    TRIANGLE {
      @Override
      boolean contains(double u, double v) {
        // Apex (0, -1), base from (-1.06, 0.84) to (1.06, 0.84).
        return v <= 0.84 && Math.abs(u) <= (v + 1) * (1.06 / 1.84);
      }
    },
    STAR {
      @Override
      boolean contains(double u, double v) {
        return insidePolygon(STAR_X, STAR_Y, u, v);
      }
    },
    HEART {
      @Override
      boolean contains(double u, double v) {
        // (x² + y² - 1)³ <= x² y³, y up, widened to the size of the others.
        double x = u * 1.12;
        double y = 0.18 - v * 1.12;
        double disc = x * x + y * y - 1;
        return disc * disc * disc <= x * x * y * y * y;
      }
    },
    CROSS {
      @Override
      boolean contains(double u, double v) {
        double a = Math.abs(u);
        double b = Math.abs(v);
        return Math.max(a, b) <= 1 && Math.min(a, b) <= 0.37;
      }
    };

    static final ShapeKind[] KINDS = values();
    static final List<String> NAMES =
        Arrays.stream(KINDS).map(kind -> kind.name().toLowerCase(Locale.ROOT)).toList();

    /**
     * Ten corners of a star, clockwise from the top: outer radius 1.12, inner 0.53, times sine and
     * cosine of multiples of 36 degrees. Written out, so that no library's sine is involved.
     */
    private static final double[] STAR_X = {
      0, 0.311526, 1.065183, 0.504060, 0.658319, 0, -0.658319, -0.504060, -1.065183, -0.311526
    };

    private static final double[] STAR_Y = {
      -1.12, -0.428779, -0.346099, 0.163779, 0.906099, 0.53, 0.906099, 0.163779, -0.346099,
      -0.428779
    };

    abstract boolean contains(double u, double v);

    /** Even-odd rule: a ray to the right crosses the outline an odd number of times. */
    private static boolean insidePolygon(double[] x, double[] y, double u, double v) {
      boolean inside = false;
      for (int i = 0, j = x.length - 1; i < x.length; j = i++) {
        if ((y[i] > v) != (y[j] > v) && u < x[i] + (v - y[i]) / (y[j] - y[i]) * (x[j] - x[i])) {
          inside = !inside;
        }
      }
      return inside;
    }
  }
}
