package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadTeamTest {
  private static final int SIZE = 3;

  private final AtomicInteger ended = new AtomicInteger();

  private void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void eachMemberRunsOnceAtTheSameTime(int size) throws Exception {
    int[] runs = new int[size];
    CountDownLatch all = new CountDownLatch(size);
    try (ThreadTeam team = new ThreadTeam(size)) {
      team.run(
          member -> {
            all.countDown();
            await(all); // would wait for ever if one came after the other
            runs[member]++;
          });
    }
    int[] once = new int[size];
    java.util.Arrays.fill(once, 1);
    assertArrayEquals(once, runs);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void whereOneFailsAllHaveEnded(int failing) throws Exception {
    IOException failure = new IOException("no");
    CountDownLatch failed = new CountDownLatch(1);
    try (ThreadTeam team = new ThreadTeam(SIZE)) {
      ThreadTeam.Part part =
          member -> {
            if (member == failing) {
              failed.countDown();
              throw failure;
            }
            await(failed);
            Thread.sleep(20);
            ended.incrementAndGet();
          };
      assertSame(failure, assertThrows(IOException.class, () -> team.run(part)));
      assertEquals(SIZE - 1, ended.get());
      team.run(member -> ended.incrementAndGet());
      assertEquals(2 * SIZE - 1, ended.get(), "it goes on");
    }
  }

  @Test
  void allFailuresAreTold() {
    try (ThreadTeam team = new ThreadTeam(SIZE)) {
      Error first =
          assertThrows(
              AssertionError.class,
              () ->
                  team.run(
                      member -> {
                        throw new AssertionError("member " + member);
                      }));
      assertEquals("member 0", first.getMessage());
      assertEquals(2, first.getSuppressed().length);
    }
  }

  @Test
  void anInterruptIsPutOff() throws Exception {
    try (ThreadTeam team = new ThreadTeam(SIZE)) {
      Thread.currentThread().interrupt();
      team.run(
          member -> {
            if (member > 0) {
              Thread.sleep(20);
            }
            ended.incrementAndGet();
          });
      assertTrue(Thread.interrupted(), "it is still there");
      assertEquals(SIZE, ended.get());
    }
  }

  @Test
  void aClosedTeamDoesNothing() {
    ThreadTeam team = new ThreadTeam(SIZE);
    team.close();
    assertThrows(RuntimeException.class, () -> team.run(member -> ended.incrementAndGet()));
    assertEquals(0, ended.get());
  }
}
