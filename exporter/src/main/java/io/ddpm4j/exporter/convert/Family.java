package io.ddpm4j.exporter.convert;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The code bases whose networks are known by the names of their tensors. */
public enum Family {
  /** {@code UNet2DModel} of diffusers. */
  DIFFUSERS("UNet2DModel", List.of("conv_in.weight", "conv_out.weight", "conv_norm_out.weight")),

  /** {@code UNetModel} of OpenAI's improved-diffusion and guided-diffusion. */
  OPENAI("UNetModel", List.of("input_blocks.0.0.weight", "output_blocks.0.0.in_layers.0.weight")),

  /** {@code Unet} of lucidrains' denoising-diffusion-pytorch. */
  LUCIDRAINS("Unet", List.of("init_conv.weight", "final_conv.weight", "mid_block1.mlp.1.weight")),

  /** The state of a training run of ddpm4j. */
  RUN("a training run of ddpm4j", List.of("first_moment.conv_in.weight"));

  private final String text;
  private final List<String> marks;

  Family(String text, List<String> marks) {
    this.text = text;
    this.marks = marks;
  }

  /** The network's class. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * A network that is known and not converted.
   *
   * @param mark a part that every such name has
   */
  private record Refused(String mark, NamePattern name, String what) {
    static Refused of(String pattern, String what) {
      String mark = NamePattern.parts(pattern).get(0);
      return new Refused(mark, NamePattern.of("*." + pattern), what);
    }
  }

  /** By a name that only networks of that kind have; these come first. */
  private static final List<Refused> REFUSED =
      List.of(
          Refused.of("input_blocks.*.transformer_blocks.*", "Stable Diffusion's network"),
          Refused.of("first_stage_model.*", "a latent diffusion model with its autoencoder"),
          Refused.of(
              "down_blocks.*.transformer_blocks.*",
              "UNet2DConditionModel, which needs a text's embedding"),
          Refused.of(
              "up_blocks.*.transformer_blocks.*",
              "UNet2DConditionModel, which needs a text's embedding"),
          Refused.of("down_blocks.*.temp_attentions.*", "UNet3DConditionModel"),
          Refused.of("up_blocks.*.temp_attentions.*", "UNet3DConditionModel"),
          Refused.of("controlnet_cond_embedding.*", "a ControlNet"),
          Refused.of("quantize.embedding", "an autoencoder (VQModel)"),
          Refused.of("quantize.embedding.*", "an autoencoder (VQModel)"),
          Refused.of("encoder.conv_in.weight", "an autoencoder"),
          Refused.of("decoder.conv_in.weight", "an autoencoder"),
          Refused.of("quant_conv.weight", "an autoencoder"),
          Refused.of("text_model.encoder.*", "a text encoder"),
          Refused.of("transformer_blocks.#.*", "a transformer"),
          Refused.of("blocks.#.adaLN_modulation.*", "a diffusion transformer (DiT)"),
          Refused.of("null_classes_emb", "Unet of classifier_free_guidance"),
          Refused.of("temb.dense.0.weight", "Model of the code of Song et al. 2020 (DDIM)"),
          Refused.of("all_modules.0.weight", "a network of score_sde"),
          Refused.of("map_layer0.weight", "a network of EDM"),
          Refused.of("out.#.positional_embedding", "a classifier (EncoderUNetModel)"));

  /**
   * The family of a checkpoint.
   *
   * @param names of its tensors, whatever stands before the network's own names
   * @throws ConversionException if it is of none, naming it where it is known
   */
  public static Family of(Set<String> names) throws ConversionException {
    if (!RUN.prefixes(names).isEmpty()) {
      return RUN;
    }
    requireNoneRefused(names);
    for (Family family : values()) {
      if (!family.prefixes(names).isEmpty()) {
        return family;
      }
    }
    String first = names.stream().findFirst().map(n -> ", such as " + n).orElse("");
    throw new ConversionException(
        "expected "
            + known()
            + ", found "
            + names.size()
            + " tensors of other names"
            + first
            + almost(names));
  }

  /** Which names are missing that a network is known by, where it has others of them. */
  private static String almost(Set<String> names) {
    for (Family family : values()) {
      for (String mark : family.marks) {
        for (String prefix : prefixes(names, mark)) {
          List<String> missing =
              family.marks.stream().filter(m -> !names.contains(prefix + m)).toList();
          return "; "
              + family
              + " has "
              + String.join(" and ", missing)
              + " beside "
              + prefix
              + mark;
        }
      }
    }
    return "";
  }

  private static final Set<String> MARKS_OF_REFUSED =
      REFUSED.stream().map(Refused::mark).collect(Collectors.toSet());

  /** The first kind in the table counts, wherever its name stands. */
  private static void requireNoneRefused(Set<String> names) throws ConversionException {
    int found = REFUSED.size();
    for (String name : names) {
      List<String> parts = NamePattern.parts(name);
      if (parts.stream().anyMatch(MARKS_OF_REFUSED::contains)) { // few have one
        for (int k = 0; k < found; k++) {
          if (REFUSED.get(k).name().matches(parts)) {
            found = k;
          }
        }
      }
    }
    if (found < REFUSED.size()) {
      throw new ConversionException("expected " + known() + ", found " + REFUSED.get(found).what());
    }
  }

  private static String known() {
    return "a checkpoint of " + DIFFUSERS + ", " + OPENAI + " or " + LUCIDRAINS;
  }

  /** What stands before the names of each of its networks in a checkpoint. */
  List<String> prefixes(Set<String> names) {
    return prefixes(names, marks.get(0)).stream()
        .filter(prefix -> marks.stream().allMatch(mark -> names.contains(prefix + mark)))
        .toList();
  }

  /** What stands before a name wherever it ends the name of a tensor. */
  private static List<String> prefixes(Set<String> names, String mark) {
    List<String> prefixes = new ArrayList<>();
    for (String name : names) {
      if (name.equals(mark) || name.endsWith("." + mark)) {
        prefixes.add(name.substring(0, name.length() - mark.length()));
      }
    }
    return prefixes;
  }
}
