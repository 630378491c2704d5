package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.testing.ForeignNetworks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever shapes a checkpoint states, it is converted or refused in one sentence. */
class MutatedCheckpointTest {
  private static final int MUTATIONS = 60;
  private static final long[] SIZES = {0, 1, 2, 3, 7, 64, 1 << 20, Integer.MAX_VALUE, 1L << 40};

  static List<ForeignNetworks.Case> cases() throws IOException {
    return CheckpointConverterTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefusedInOneSentence(ForeignNetworks.Case c) throws IOException {
    TensorSource whole = c.tensors();
    for (int seed = 0; seed < MUTATIONS; seed++) {
      String what = c + ", seed " + seed;
      CheckpointConverter.Request request =
          CheckpointConverter.Request.of(mutated(whole, new Random(seed)))
              .withConfig(c.arguments().toString())
              .withSize(new ImageSize(16, 16));
      try {
        CheckpointConverter.convert(request);
      } catch (IOException | IllegalArgumentException e) {
        assertTrue(e.getMessage() != null && !e.getMessage().contains("\n"), what);
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        throw new AssertionError(what + ": " + e, e);
      }
    }
  }

  /** A few tensors of other shapes, types or names; what they hold cannot be read. */
  private static TensorSource mutated(TensorSource whole, Random random) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    whole.names().forEach(name -> types.put(name, whole.type(name)));
    List<String> names = new ArrayList<>(types.keySet());
    for (int i = 0; i <= random.nextInt(3); i++) {
      String name = names.get(random.nextInt(names.size()));
      long[] sizes = types.getOrDefault(name, whole.type(name)).shape().sizes();
      long any = SIZES[random.nextInt(SIZES.length)];
      switch (random.nextInt(5)) {
        case 0 -> types.remove(name);
        case 1 -> types.put(name.replaceFirst("\\d", "" + random.nextInt(10)), whole.type(name));
        case 2 -> types.put(name, new TensorType(DataType.INT64, Shape.of(sizes)));
        case 3 -> types.put(name, new TensorType(DataType.FLOAT, Shape.of(any, any)));
        default -> {
          if (sizes.length > 0) {
            sizes[random.nextInt(sizes.length)] = any;
          }
          types.put(name, new TensorType(DataType.FLOAT, Shape.of(sizes)));
        }
      }
    }
    return new TensorSource() {
      @Override
      public Set<String> names() {
        return types.keySet();
      }

      @Override
      public TensorType type(String name) {
        return types.get(name);
      }

      @Override
      public TensorData data(String name) throws IOException {
        throw new IOException("not here");
      }
    };
  }
}
