package io.ddpm4j.exporter.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * What a damaged file may cost: it is read, or refused in one sentence, within a second of the
 * processor and an amount of memory that its size bounds.
 */
public final class FuzzBudget {
  private static final long SECOND = 1_000_000_000;
  private static final long LEAST_MEMORY = 16L << 20;
  private static final long MEMORY_PER_BYTE = 200;
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private FuzzBudget() {}

  /** Reads a file to its end. */
  @FunctionalInterface
  public interface Reading {
    void read() throws IOException;
  }

  /**
   * Reads a damaged file.
   *
   * @param what it is, so that it can be made again
   * @param size in bytes
   * @param words that a refusal must have, such as the file's name
   * @return whether it was refused
   */
  public static boolean refuses(String what, int size, List<String> words, Reading reading) {
    boolean refused = false;
    long cpu = THREAD.getCurrentThreadCpuTime();
    long allocated = THREAD.getThreadAllocatedBytes(Thread.currentThread().getId());
    try {
      reading.read();
    } catch (IOException | IllegalArgumentException e) {
      refused = true;
      requireOneSentence(what, words, e);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what, e);
    }
    cpu = THREAD.getCurrentThreadCpuTime() - cpu;
    allocated = THREAD.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated;
    assertTrue(cpu < SECOND, what + " took " + cpu / 1_000_000 + " ms");
    assertTrue(
        allocated < LEAST_MEMORY + MEMORY_PER_BYTE * size,
        what + " of " + size + " bytes took " + allocated + " bytes of memory");
    return refused;
  }

  private static void requireOneSentence(String what, List<String> words, Exception refusal) {
    String message = String.valueOf(refusal.getMessage());
    String shown = what + ": " + message;
    words.forEach(word -> assertTrue(message.contains(word), shown));
    assertEquals(1, message.lines().count(), shown);
    assertTrue(message.length() < 1500, shown);
  }
}
