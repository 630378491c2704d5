package io.ddpm4j.trainer.evaluate.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.Networks;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QualityEvaluationTest {
  private static final int SAMPLES = 40;

  private final ImageDataset reference = new ShapesDataset(60, 8, 2);
  private final ImageDataset standIns = new ShapesDataset(200, 8, 3);

  @TempDir private Path folder;

  /** Pixels as features, and with {@code logits} the means of as many rows as there are classes. */
  private FeatureNetwork network(boolean logits) throws IOException {
    String names = "\"" + String.join("\", \"", standIns.classNames()) + "\"";
    byte[] model =
        Networks.model(
            DataType.FLOAT,
            Shape.named("n", 3, 8, 8),
            Map.of(
                "ddpm4j.image", "{\"value_range\": [0, 255]}", "ddpm4j.classes", "[" + names + "]"),
            (ops, images) -> {
              ops.graph().output("features", ops.reduceMean(images, false, 1, 3));
              if (logits) {
                ops.graph()
                    .output(
                        "logits",
                        ops.slice(
                            ops.reduceMean(images, false, 1, 2),
                            1,
                            0,
                            standIns.classNames().size()));
              }
            });
    return FeatureNetwork.open(
        model,
        "net.onnx",
        FeatureOptions.defaults().withBatchSize(8),
        new SessionSettings(Device.cpu(), 1));
  }

  /** The floor; {@code most} hears how many images the network was given for it. */
  private Quality floor(FeatureNetwork network, String cache, AtomicLong most) throws IOException {
    QualityEvaluation evaluation =
        QualityEvaluation.of(
            network,
            new FeatureCache(folder.resolve(cache)),
            RealImages.ofSplits(reference, standIns, ClassMix.any(SAMPLES), 5),
            standIns.classNames(),
            QualityReference.Settings.standard(5),
            new Work(1, new Cancellation(), (stage, done, total) -> {}));
    return evaluation.floor(
        new Work(
            1,
            new Cancellation(),
            (stage, done, total) -> {
              if (stage.equals("features")) {
                most.set(total);
              }
            }));
  }

  @Test
  void aNetworkThatTellsNoClassesSeesTheStandInsOfTheFloorOnly() throws IOException {
    AtomicLong ofAll = new AtomicLong();
    AtomicLong ofDrawn = new AtomicLong();
    try (FeatureNetwork classifier = network(true);
        FeatureNetwork plain = network(false)) {
      Quality all = floor(classifier, "all", ofAll);
      Quality drawn = floor(plain, "drawn", ofDrawn);
      assertTrue(all.classes().isPresent());
      assertFalse(drawn.classes().isPresent());
      assertEquals(standIns.size(), all.classes().get().images());
      assertEquals(all.scores(), drawn.scores());
    }
    assertEquals(standIns.size(), ofAll.get());
    assertEquals(SAMPLES, ofDrawn.get());
  }
}
