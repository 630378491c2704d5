package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The thread is there without the device. */
class SessionThreadTest {
  private final SessionThread thread = new SessionThread(Device.cuda(0));

  @AfterEach
  void end() {
    thread.shutdown();
  }

  @Test
  void tasksRunOnOneThreadOfItsOwn() throws Exception {
    Thread first = thread.call(Thread::currentThread);
    assertNotEquals(Thread.currentThread(), first);
    assertSame(first, thread.call(Thread::currentThread));
    assertEquals(
        Thread.currentThread(), new SessionThread(Device.cpu()).call(Thread::currentThread));
  }

  @Test
  void whatATaskThrowsArrivesAsItIs() {
    for (Throwable thrown :
        new Throwable[] {
          new IOException("file"), new IllegalStateException("state"), new OutOfMemoryError("heap")
        }) {
      Throwable found =
          assertThrows(
              Throwable.class,
              () ->
                  thread.call(
                      () -> {
                        if (thrown instanceof Error error) {
                          throw error;
                        }
                        throw (Exception) thrown;
                      }));
      assertSame(thrown, found);
    }
  }

  @Test
  void aTaskEndsBeforeAnInterruptIsSeen() throws Exception {
    Thread.currentThread().interrupt();
    assertEquals(7, thread.call(() -> 7));
    assertTrue(Thread.interrupted());
  }
}
