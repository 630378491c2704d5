package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.Activation;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TrainConfigTest {
  private static final TrainConfig CONFIG = Preset.TINY.config("shapes", 600, 42);

  @ParameterizedTest
  @EnumSource(Preset.class)
  void everyPresetComesBack(Preset preset) {
    TrainConfig config = preset.config("fashion-mnist", 1000, -3);
    assertEquals(config, TrainConfig.fromJson(config.toJson()));
  }

  @Test
  void absentOptionsStayAbsent() {
    TrainConfig full =
        new TrainConfig(
            new DataConfig("a", "b", "c", 16, 1, 0xffffff, true, true),
            CONFIG.network(),
            CONFIG.diffusion(),
            CONFIG.optimizer(),
            CONFIG.run());
    assertEquals(full, TrainConfig.fromJson(full.toJson()));
    String nulls = CONFIG.toJson().replace("\"source\"", "\"labels\": null, \"source\"");
    assertEquals(CONFIG, TrainConfig.fromJson(nulls));
  }

  @Test
  void configurationsOfEarlierVersionsAreRead() {
    String old = CONFIG.toJson();
    for (String added :
        List.of(
            "\"labelDropout\": 0\\.0",
            "\"dropout\": 0\\.0",
            "\"accumulate\": 1",
            "\"lrSchedule\": \"constant\"",
            "\"minLearningRate\": 0\\.0",
            "\"weightDecay\": 0\\.0",
            "\"furtherEmaDecays\": \\[]",
            "\"trainedBetas\": \\[]",
            "\"objective\": \\{[^}]*}")) {
      String before = old;
      old = old.replaceAll(",\\s*" + added, "");
      assertNotEquals(before, old, added);
    }
    assertEquals(CONFIG, TrainConfig.fromJson(old));
  }

  @Test
  void aNetworkMayBeAnythingThatDiffusersHas() {
    String json =
        CONFIG
            .toJson()
            .replace(
                "\"labelDropout\": 0.0",
                "\"unet\": {\"norm_eps\": 1e-6, \"resnet_time_scale_shift\": \"scale_shift\","
                    + " \"add_attention\": false}");
    TrainConfig config = TrainConfig.fromJson(json);
    assertEquals(config, TrainConfig.fromJson(config.toJson()));
    assertEquals(config.hashCode(), TrainConfig.fromJson(config.toJson()).hashCode());
    UNetConfig network = config.network().unet(new ShapesDataset());
    assertEquals(1e-6, network.normEps());
    assertTrue(network.scaleShift() && !network.addMidAttention());
    assertEquals(CONFIG.network().channels(), network.blockOutChannels());
    assertEquals(
        config.network().withLabelDropout(0.1).unet(), config.network().unet(), "stays there");
    assertEquals(Optional.empty(), Preset.of(config.network()));
    assertEquals(Optional.of(Preset.TINY), Preset.of(CONFIG.network()));
    config.network().unet().addProperty("norm_eps", 1);
    assertEquals(1e-6, config.network().unet(new ShapesDataset()).normEps(), "a copy");
    String wrong = json.replace("norm_eps", "norm_epsilon");
    fails(
        () -> TrainConfig.fromJson(wrong),
        "network.unet.norm_epsilon: expected a field of UNet2DModel, found norm_epsilon");
  }

  @Test
  void aRunMayHaveSkipBlocks() {
    UNetConfig skips =
        UNetConfig.of(8, 3, List.of(32, 64), List.of(false, false), 1, 32, 0, 0).toBuilder()
            .downBlockTypes(List.of(BlockType.SKIP, BlockType.ATTENTION_SKIP))
            .upBlockTypes(List.of(BlockType.ATTENTION_SKIP, BlockType.SKIP))
            .activation(Activation.MISH)
            .attnNormNumGroups(16)
            .midBlock(false)
            .build();
    assertEquals(skips, NetworkConfig.of(skips).unet(8, 3, 0));
    fails(
        () -> NetworkConfig.of(skips.toBuilder().normNumGroups(0).build()),
        "norm_num_groups: expected a number, since a run has one, found null: each block has its"
            + " own");
    fails(
        () -> NetworkConfig.of(skips.toBuilder().sampleSize(8, 4).build()),
        "U-Net config: sample_size: expected a square, found 8x4");
  }

  @Test
  void labelDropoutNeedsClasses() {
    NetworkConfig network = CONFIG.network().withLabelDropout(0.1);
    ShapesDataset shapes = new ShapesDataset();
    int classes = shapes.classNames().size();
    assertEquals(classes + 1, network.unet(shapes).numClassEmbeds());
    assertEquals(OptionalInt.of(classes), network.nullClass(classes));
    assertEquals(classes, CONFIG.network().unet(shapes).numClassEmbeds());
    assertEquals(OptionalInt.empty(), CONFIG.network().nullClass(classes));
    ImageDataset unlabelled =
        new DelegatingDataset(shapes) {
          @Override
          public List<String> classNames() {
            return List.of();
          }
        };
    fails(
        () -> network.unet(unlabelled),
        "--label-dropout: expected 0, since the images of shapes have no classes, found 0.1");
    fails(
        () -> new NetworkConfig(List.of(8), List.of(false), 1, 8, 8, false, 0.1),
        "--label-dropout: expected 0, since the network is not told the classes, found 0.1");
    for (double wrong : new double[] {1, -0.1, Double.NaN}) {
      fails(
          () -> CONFIG.network().withLabelDropout(wrong),
          "--label-dropout: expected a number from 0 to below 1, found " + wrong);
    }
  }

  private static void fails(Executable body, String message) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, body).getMessage());
  }

  /** Counts on 32x32 pictures of three channels in six classes. */
  @ParameterizedTest
  @CsvSource({"TINY, 350000, 450000", "SMALL, 1050000, 1150000", "BASE, 6500000, 7500000"})
  void presetsHaveTheSizeThatTheyName(Preset preset, long least, long most) {
    long count = UNet.parameters(preset.network().unet(new ShapesDataset())).count();
    assertTrue(least <= count && count <= most, preset + ": " + count);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"seed\": 42 | \"sead\": 42 | run.sead: expected one of the fields",
        "\"seed\": 42, | | run.seed: expected a whole number, found none",
        "\"seed\": 42 | \"seed\": 1.5 | run.seed: expected a whole number, found 1.5",
        "\"seed\": 42 | \"seed\": \"x\" | run.seed: expected a whole number, found \"x\"",
        "\"seed\": 42 | \"seed\": null | run.seed: expected a whole number, found none",
        "\"learningRate\": 0.002 | \"learningRate\": 0 | optimizer.learningRate: expected a positive"
            + " number that a float holds, found 0.0",
        "\"learningRate\": 0.002 | \"learningRate\": 1e999 | optimizer.learningRate: expected a positive"
            + " number that a float holds, found Infinity",
        "\"batchSize\": 32 | \"batchSize\": 0 | optimizer.batchSize: expected at least 1, found 0",
        "\"warmupSteps\": 100 | \"warmupSteps\": -1 | optimizer.warmupSteps: expected 0 or more, found -1",
        "\"beta1\": 0.9 | \"beta1\": 1 | optimizer.beta1: expected a number from 0 to below 1, found 1.0",
        "\"beta2\": 0.999 | \"beta2\": -1 | optimizer.beta2: expected a number from 0 to below 1, found"
            + " -1.0",
        "\"epsilon\": 1.0E-8 | \"epsilon\": 0 | optimizer.epsilon: expected a positive number, found 0.0",
        "\"maxGradientNorm\": 1.0 | \"maxGradientNorm\": -1 | optimizer.maxGradientNorm: expected a"
            + " positive number, or 0 for no clipping, found -1.0",
        "\"emaDecay\": 0.99 | \"emaDecay\": 1 | optimizer.emaDecay: expected a number from 0 to below 1,"
            + " found 1.0",
        "\"accumulate\": 1 | \"accumulate\": 0 | optimizer.accumulate: expected at least 1, found 0",
        "\"accumulate\": 1 | \"accumulate\": 99999999 | optimizer.accumulate: expected at most 2147483647"
            + " images of a step, found 3199999968",
        "\"constant\" | \"step\" | optimizer.lrSchedule: expected one of constant, linear, cosine, found step",
        "\"minLearningRate\": 0.0 | \"minLearningRate\": 1e-4 | optimizer.minLearningRate: expected 0,"
            + " since the learning rate is constant, found 1.0E-4",
        "\"minLearningRate\": 0.0 | \"minLearningRate\": 0.1 | optimizer.minLearningRate: expected a"
            + " number from 0 to the learning rate, 0.002, found 0.1",
        "\"weightDecay\": 0.0 | \"weightDecay\": -1 | optimizer.weightDecay: expected a number of 0 or"
            + " more, found -1.0",
        "\"furtherEmaDecays\": [] | \"furtherEmaDecays\": [1] | optimizer.emaDecay: expected a number above"
            + " 0 and below 1 after the first, found 1.0",
        "\"furtherEmaDecays\": [] | \"furtherEmaDecays\": [0] | optimizer.emaDecay: expected a number above"
            + " 0 and below 1 after the first, found 0.0",
        "\"furtherEmaDecays\": [] | \"furtherEmaDecays\": [0.99] | optimizer.emaDecay: expected different"
            + " numbers, found 0.99 twice",
        "\"furtherEmaDecays\": [] | \"furtherEmaDecays\": [\"x\"] | optimizer.furtherEmaDecays:"
            + " expected a list, each a number, found \"x\"",
        "\"dropout\": 0.0 | \"dropout\": 1 | network.dropout: expected a number from 0 to below 1, found 1.0",
        "\"channels\": [ | \"channels\": [0, | network.channels: expected at least 1 channel, found 0",
        "\"attention\": [ | \"attention\": [true, | network.attention: expected true or false for each of"
            + " 3 levels, found 4",
        "\"groups\": 8 | \"groups\": 0 | network.groups: expected at least 1, found 0",
        "\"steps\": 600 | \"steps\": 0 | run.steps: expected at least 1, found 0",
        "\"source\": \"shapes\", | | data.source: expected",
        "\"loss\": \"simple\" | \"loss\": \"l1\" | diffusion.objective.loss: expected one of simple, vlb, hybrid, found l1",
        "\"loss\": \"simple\" | \"loss\": \"vlb\", \"varianceType\": \"large\" | diffusion.objective.varianceType: expected",
        "\"loss\": \"simple\" | \"varianceType\": \"learned_range\" | diffusion.objective.loss: expected hybrid or vlb,"
            + " since",
        "\"minSnr\": 0.0 | \"minSnr\": -1 | diffusion.objective.minSnr: expected a number above 0, or 0 for none, found"
            + " -1.0",
        "\"offsetNoise\": 0.0 | \"offsetNoise\": -1 | diffusion.objective.offsetNoise: expected a number of 0 or more,"
            + " found -1.0",
        "\"modelGuidance\": 1.0 | \"modelGuidance\": 0.5 | diffusion.objective.modelGuidance: expected a number of"
            + " at least 1, found 0.5",
        "\"modelGuidance\": 1.0 | \"modelGuidance\": 2 | diffusion.objective.modelGuidance: expected with"
            + " network.labelDropout, of which the network learns what an image of any class is, found without",
        "\"uniform\" | \"often\" | diffusion.objective.timestepSampling: expected one of uniform, loss-second-moment,"
            + " found often",
        "\"trainedBetas\": [] | \"trainedBetas\": [0.1] | diffusion.trainTimesteps: expected 1, as many as"
            + " there are betas, found 1000",
        "\"betaEnd\": 0.02 | \"betaEnd\": 2 | betas: expected every beta between 0 and 1",
        "\"linear\" | \"lineal\" | diffusion.betaSchedule: expected",
        ": \"epsilon\" | : \"noise\" | diffusion.predictionType: expected",
        "\"classConditional\": true | \"classConditional\": 1 | network.classConditional: expected"
            + " true or false, found 1",
        "\"labelDropout\": 0.0 | \"labelDropout\": 0.0, \"unet\": [] | network.unet: expected a JSON"
            + " object, found []",
        "\"labelDropout\": 0.0 | \"labelDropout\": 0.0, \"unet\": {\"in_channels\": 3} |"
            + " network.unet.in_channels: expected none, since another field of the run says it,"
            + " found 3",
        "\"groups\" | \"channels2\" | network.channels2: expected one of the fields",
        "\"optimizer\" | \"optimiser\" | optimiser: expected one of the fields"
      })
  void saysWhatIsWrong(String from, String to, String expected) {
    String json = CONFIG.toJson();
    assertTrue(json.contains(from), json);
    String broken = json.replace(from, to == null ? "" : to);
    Exception e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.fromJson(broken));
    assertTrue(e.getMessage().startsWith(expected), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"''", "null", "[]", "3", "{", "'{\"data\": 3}'", "{}"})
  void whatIsNoConfigurationIsRefused(String json) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.fromJson(json));
    assertTrue(e.getMessage().contains("expected"), e.getMessage());
  }

  @Test
  void noClippingIsZero() {
    OptimizerConfig o = CONFIG.optimizer();
    OptimizerConfig unclipped = withMaxGradientNorm(o, 0);
    assertEquals(Double.POSITIVE_INFINITY, unclipped.clipping().maxNorm());
    assertEquals(1, o.clipping().maxNorm());
    TrainConfig config =
        new TrainConfig(
            CONFIG.data(), CONFIG.network(), CONFIG.diffusion(), unclipped, CONFIG.run());
    assertEquals(config, TrainConfig.fromJson(config.toJson()));
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> withMaxGradientNorm(o, Double.POSITIVE_INFINITY));
    assertTrue(e.getMessage().contains("0 for no clipping, found Infinity"), e.getMessage());
  }

  private static OptimizerConfig withMaxGradientNorm(OptimizerConfig o, double norm) {
    return new OptimizerConfig(
        o.batchSize(),
        o.learningRate(),
        o.warmupSteps(),
        o.beta1(),
        o.beta2(),
        o.epsilon(),
        norm,
        o.emaDecay());
  }

  @Test
  void listsAreRequired() {
    for (List<Integer> widths : Arrays.asList(null, List.<Integer>of(), Arrays.asList(8, null))) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> new NetworkConfig(widths, List.of(true, true), 1, 8, 8, true, 0));
      assertTrue(e.getMessage().startsWith("--widths: expected"), e.getMessage());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new NetworkConfig(List.of(8), null, 1, 8, 8, true, 0));
  }
}
