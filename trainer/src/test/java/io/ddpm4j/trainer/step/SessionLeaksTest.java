package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A session that cannot be made, or not be closed, leaves nothing native behind. */
class SessionLeaksTest {
  /** Two threads of two shards each, so that there is everything that a session can hold. */
  private static final TrainSession.Options HOW =
      new TrainSession.Options(2, OptionalInt.of(1), false, Optional.empty());

  private static TrainStepConfig config() {
    return new TrainStepConfig(
        UNetConfig.of(4, 1, List.of(2), List.of(false), 1, 1, 0, 2).withDropout(0.5),
        4,
        NoiseSchedule.linear(),
        PredictionType.EPSILON,
        new Adam(0.9, 0.999, 1e-8),
        new GradientClipping(1),
        new Ema(0.99));
  }

  /** Keeps what is made, and fails where the resource of a number would be the next. */
  private static class Watched extends NativeTensors {
    final List<AutoCloseable> made;
    private final int failing;

    Watched(int failing) {
      this(failing, new ArrayList<>());
    }

    private Watched(int failing, List<AutoCloseable> made) {
      super(OrtEnvironment.getEnvironment());
      this.failing = failing;
      this.made = made;
    }

    @Override
    <T extends AutoCloseable> T own(T resource) {
      if (made.size() == failing) {
        try {
          resource.close(); // as if it had never been
        } catch (Exception e) {
          throw new AssertionError(e);
        }
        throw new IllegalStateException("no room for number " + failing);
      }
      made.add(resource);
      return super.own(resource);
    }

    @Override
    NativeTensors child() {
      return super.own(new Watched(failing, made));
    }
  }

  private static final int NONE = -1;

  private static boolean isClosed(AutoCloseable resource) {
    try {
      if (resource instanceof OnnxTensor tensor) {
        return tensor.isClosed();
      } else if (resource instanceof OrtSession session) {
        session.getInputNames();
      } else if (resource instanceof OrtSession.SessionOptions options) {
        options.setIntraOpNumThreads(1);
      } else if (resource instanceof ThreadTeam team) {
        team.run(member -> {});
      } else {
        throw new AssertionError("what is a " + resource.getClass() + "?");
      }
      return false;
    } catch (IllegalStateException | java.util.concurrent.RejectedExecutionException e) {
      return true;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void assertAllClosed(List<AutoCloseable> made) {
    for (int i = 0; i < made.size(); i++) {
      assertTrue(isClosed(made.get(i)), "number " + i + " of " + made.size() + ": " + made.get(i));
    }
  }

  /** Numbers of resources: where another kind begins, before and after; the last, and some more. */
  private static Set<Integer> stages(List<AutoCloseable> made) {
    Set<Integer> stages = new HashSet<>(List.of(0, made.size() - 1));
    for (int i = 1; i < made.size(); i++) {
      if (made.get(i).getClass() != made.get(i - 1).getClass()) {
        stages.addAll(List.of(i - 1, i));
      }
      if (i % 50 == 0) {
        stages.add(i);
      }
    }
    return stages;
  }

  @Tag("slow")
  @Test
  void whatWasMadeIsFreedWhereverMakingFails() {
    Watched whole = new Watched(NONE);
    new TrainSession(config(), HOW, whole).close();
    assertAllClosed(whole.made);
    Set<Class<?>> kinds = new HashSet<>();
    whole.made.forEach(resource -> kinds.add(resource.getClass()));
    assertEquals(
        Set.of(
            ThreadTeam.class, OnnxTensor.class, OrtSession.class, OrtSession.SessionOptions.class),
        kinds);
    Set<Integer> stages = stages(whole.made);
    assertTrue(stages.size() > 20, stages.toString());
    for (int stage : stages) {
      Watched part = new Watched(stage);
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> new TrainSession(config(), HOW, part));
      assertEquals("no room for number " + stage, e.getMessage());
      assertEquals(stage, part.made.size());
      assertAllClosed(part.made);
    }
  }

  @Test
  void whatOnnxRuntimeRefusesIsToldInItsWords() {
    List<AutoCloseable> made = new ArrayList<>();
    NativeTensors refusing =
        new Watched(NONE, made) {
          @Override
          OnnxTensor of(FloatBuffer buffer, int offset, long... shape) throws OrtException {
            if (made.size() > 40) {
              throw new OrtException("out of memory");
            }
            return super.of(buffer, offset, shape);
          }
        };
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> new TrainSession(config(), HOW, refusing));
    assertEquals("ONNX Runtime refuses the train graph: out of memory", e.getMessage());
    assertTrue(made.size() > 40);
    assertAllClosed(made);
  }

  @Tag("slow")
  @Test
  void inputsThatCannotBeMadeLeaveNothingAndHurtNobody() {
    Watched whole = new Watched(NONE);
    int before;
    int after;
    try (TrainSession session = new TrainSession(config(), HOW, whole)) {
      before = whole.made.size();
      session.newInputs();
      after = whole.made.size();
    }
    assertAllClosed(whole.made);
    for (int stage = before; stage < after; stage++) {
      Watched part = new Watched(stage);
      try (TrainSession session = new TrainSession(config(), HOW, part)) {
        assertThrows(IllegalStateException.class, session::newInputs);
        assertAllClosed(part.made.subList(before, stage));
        part.made.subList(0, before).forEach(resource -> assertFalse(isClosed(resource)));
      }
      assertAllClosed(part.made);
    }
  }

  @Test
  void aClosedSessionMakesNoInputs() {
    Watched watched = new Watched(NONE);
    TrainSession session = new TrainSession(config(), HOW, watched);
    session.close();
    IllegalStateException e = assertThrows(IllegalStateException.class, session::newInputs);
    assertEquals("the train session is closed", e.getMessage());
    assertAllClosed(watched.made);
  }

  @Test
  void whatDoesNotCloseKeepsNothingElseOpen() {
    Exception first = new Exception("stuck");
    Exception second = new Exception("stuck, too");
    Watched watched = new Watched(NONE);
    watched.own(failingOnce(first));
    TrainSession session = new TrainSession(config(), HOW, watched);
    watched.own(failingOnce(second));
    IllegalStateException e = assertThrows(IllegalStateException.class, session::close);
    assertEquals("closing the train session: stuck", e.getMessage());
    assertSame(first, e.getCause());
    assertEquals(List.of(second), List.of(e.getSuppressed()));
    assertAllClosed(watched.made.subList(1, watched.made.size() - 1));
    session.close(); // nothing is left to do
  }

  private static AutoCloseable failingOnce(Exception failure) {
    return () -> {
      throw failure;
    };
  }
}
