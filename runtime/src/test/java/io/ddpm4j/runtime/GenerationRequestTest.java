package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GenerationRequestTest {
  private static final GenerationRequest REQUEST = GenerationRequest.of(3, 7);
  private static final ImageBatch IMAGE =
      ImageBatch.of(new float[16], ValueRange.SIGNED, 1, 1, 4, 4);

  @Test
  void nothingIsNotTakenForSomething() {
    assertNamed("labels", () -> REQUEST.withClassLabels((int[]) null));
    assertNamed("names", () -> REQUEST.withClassNames((String[]) null));
    assertNamed("name", () -> REQUEST.withClassNames("bag", null));
    assertNamed("how", () -> REQUEST.withGuidance(null));
    assertNamed("from", () -> REQUEST.withImage(null, 0.5));
    assertNamed("latents", () -> REQUEST.withLatents(null));
    assertNamed("known", () -> REQUEST.withKnownPixels(null, IMAGE));
    assertNamed("mask", () -> REQUEST.withKnownPixels(IMAGE, null));
    assertNamed("which", () -> REQUEST.withNoiseGenerator(null));
    assertNamed("source", () -> REQUEST.withNoise(null));
    assertNamed("limit", () -> REQUEST.withTimeout(null));
    assertNamed("watcher", () -> REQUEST.withListener(null));
    assertNamed("token", () -> REQUEST.withCancellation(null));
  }

  /** Every public method that takes an object is among those above. */
  @Test
  void everyMethodIsTried() {
    long objects =
        Arrays.stream(GenerationRequest.class.getMethods())
            .filter(method -> method.getName().startsWith("with"))
            .flatMap(method -> Arrays.stream(method.getParameterTypes()))
            .filter(type -> !type.isPrimitive())
            .count();
    assertEquals(12, objects);
  }

  private static void assertNamed(String parameter, Executable call) {
    assertEquals(parameter, assertThrows(NullPointerException.class, call).getMessage());
  }

  @Test
  void whatIsChangedIsACopy() {
    GenerationRequest other =
        REQUEST
            .withClassNames("bag")
            .withClassLabels(2, 1)
            .withFirstImage(5)
            .withGuidanceScale(3)
            .withTimeout(Duration.ofSeconds(2));
    assertEquals(List.of(2, 1), other.classLabels());
    assertEquals(List.of(), other.classNames());
    assertEquals(5, other.firstImage());
    assertEquals(3, other.guidance().scale());
    assertEquals(Optional.of(Duration.ofSeconds(2)), other.timeout());
    assertEquals(3, other.images());
    assertEquals(7, other.seed());
    assertEquals(List.of(), REQUEST.classLabels());
    assertEquals(0, REQUEST.firstImage());
    assertEquals(Guidance.none(), REQUEST.guidance());
    assertEquals(Optional.empty(), REQUEST.timeout());
  }
}
