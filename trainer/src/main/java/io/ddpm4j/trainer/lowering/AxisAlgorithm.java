package io.ddpm4j.trainer.lowering;

/**
 * How a convolution computes one axis: the pixels are mapped to {@code planes} numbers a tile,
 * those of a plane are multiplied with that plane's number of the kernel (a matrix product over
 * channels), and the products are mapped to the tile's outputs:
 *
 * <pre>
 * y = output · ((kernel · w) ∘ (input · x))
 * </pre>
 *
 * <p>The plain way takes a plane for each tap and one output a tile. Winograd's (Lavin and Gray
 * 2016) takes 6 planes for 4 outputs of 3 taps, which is half the multiplications, a quarter on two
 * axes. All three maps being linear, a gradient is the same with maps transposed.
 *
 * @param planes P
 * @param tiles t
 * @param input (P·t, size of the axis), plane by plane
 * @param output (outputs, P·t)
 * @param kernel (P, taps)
 */
record AxisAlgorithm(
    int planes, int tiles, double[][] input, double[][] output, double[][] kernel) {
  /**
   * Where the polynomials of Winograd's algorithm are evaluated, beside infinity: for 2 outputs the
   * usual ones; for 4 they and their reciprocals lie evenly around 1, which loses half the digits
   * that the usual 1 and 2 lose (7.5e-7 against 1.6e-6 of the outputs' size, a direct convolution
   * 2e-7).
   */
  private static final double[] TWO = {0, 1, -1};

  private static final double[] FOUR = {
    0, Math.sqrt(0.5), -Math.sqrt(0.5), Math.sqrt(2), -Math.sqrt(2)
  };

  /**
   * The one with the fewest multiplications.
   *
   * @param size of the input along the axis
   * @param before zeros before it
   * @param after zeros after it
   */
  static AxisAlgorithm of(int size, int taps, int stride, int before, int after) {
    int outputs = (size + before + after - taps) / stride + 1;
    if (taps != 3 || stride != 1) {
      return direct(size, taps, stride, before, outputs);
    }
    int two = 4 * divideUp(outputs, 2);
    int four = 6 * divideUp(outputs, 4);
    if (3 * outputs <= Math.min(two, four)) {
      return direct(size, taps, stride, before, outputs);
    }
    return two <= four
        ? winograd(size, before, outputs, 2, TWO)
        : winograd(size, before, outputs, 4, FOUR);
  }

  /** A plane for each tap. */
  static AxisAlgorithm direct(int size, int taps, int stride, int before, int outputs) {
    double[][] input = new double[taps * outputs][size];
    double[][] output = new double[outputs][taps * outputs];
    double[][] kernel = new double[taps][taps];
    for (int tap = 0; tap < taps; tap++) {
      kernel[tap][tap] = 1;
      for (int i = 0; i < outputs; i++) {
        int x = i * stride + tap - before;
        if (x >= 0 && x < size) {
          input[tap * outputs + i][x] = 1;
        }
        output[i][tap * outputs + i] = 1;
      }
    }
    return new AxisAlgorithm(taps, outputs, input, output, kernel);
  }

  /** Toom and Cook's construction of F(m, 3) from its points and infinity. */
  private static AxisAlgorithm winograd(int size, int before, int outputs, int m, double[] points) {
    int planes = m + 2;
    int tiles = divideUp(outputs, m);
    double[][] in = new double[planes][];
    double[][] out = new double[m][planes];
    double[][] kernel = new double[planes][3];
    for (int j = 0; j < points.length; j++) {
      double norm = 1;
      for (int l = 0; l < points.length; l++) {
        norm *= l == j ? 1 : points[j] - points[l];
      }
      for (int k = 0; k < 3; k++) {
        kernel[j][k] = Math.pow(points[j], k) / norm;
      }
      for (int o = 0; o < m; o++) {
        out[o][j] = Math.pow(points[j], o);
      }
      in[j] = product(points, j, planes);
    }
    kernel[planes - 1][2] = 1;
    out[m - 1][planes - 1] = 1;
    in[planes - 1] = product(points, -1, planes);

    double[][] input = new double[planes * tiles][size];
    double[][] output = new double[outputs][planes * tiles];
    for (int tile = 0; tile < tiles; tile++) {
      for (int plane = 0; plane < planes; plane++) {
        int row = plane * tiles + tile;
        for (int k = 0; k < planes; k++) {
          int x = tile * m + k - before;
          if (x >= 0 && x < size) {
            input[row][x] = in[plane][k];
          }
        }
        for (int o = 0; o < m && tile * m + o < outputs; o++) {
          output[tile * m + o][row] = out[o][plane];
        }
      }
    }
    return new AxisAlgorithm(planes, tiles, input, output, kernel);
  }

  /** The coefficients of Π (x - point), the constant one first, one point left out. */
  private static double[] product(double[] points, int without, int length) {
    double[] coefficients = new double[length];
    coefficients[0] = 1;
    for (int l = 0; l < points.length; l++) {
      if (l == without) {
        continue;
      }
      for (int k = length - 1; k >= 0; k--) {
        coefficients[k] = (k > 0 ? coefficients[k - 1] : 0) - points[l] * coefficients[k];
      }
    }
    return coefficients;
  }

  private static int divideUp(int a, int b) {
    return (a + b - 1) / b;
  }
}
