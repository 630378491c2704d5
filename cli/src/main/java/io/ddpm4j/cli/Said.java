package io.ddpm4j.cli;

/** What the user said of a number, or else what the preset says. */
final class Said {
  private Said() {}

  static int or(Integer said, int preset) {
    return said == null ? preset : said;
  }

  static long or(Integer said, long preset) {
    return said == null ? preset : said;
  }

  static long or(Long said, long preset) {
    return said == null ? preset : said;
  }

  static double or(Double said, double preset) {
    return said == null ? preset : said;
  }
}
