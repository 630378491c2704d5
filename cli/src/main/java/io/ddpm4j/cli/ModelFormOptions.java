package io.ddpm4j.cli;

import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.transform.ModelForm;
import io.ddpm4j.exporter.transform.OpsetConversion;
import io.ddpm4j.exporter.transform.TransformException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The form in which a model is written, for every command that writes one. */
final class ModelFormOptions {
  static final String BATCH = "--batch";
  private static final String OPSET = "--opset";
  private static final String FP16 = "--fp16";
  static final String FP16_IO = "--fp16-io";
  private static final String INT8 = "--int8";
  private static final String EXTERNAL_DATA = "--external-data";

  /** The options of this class. */
  static final List<String> ALL = List.of(OPSET, FP16, FP16_IO, INT8, BATCH, EXTERNAL_DATA);

  @Option(
      names = OPSET,
      paramLabel = "N",
      converter = Version.class,
      description =
          "Version of ONNX's operator set, "
              + OpsetConversion.OLDEST
              + " to "
              + OpsetConversion.NEWEST
              + " (default: the model's own).")
  private Integer opset;

  @Option(
      names = FP16,
      description =
          "Weights and most of the computation in float16; normalisation and softmax stay in"
              + " float32.")
  private boolean fp16;

  @Option(names = FP16_IO, description = "With --fp16, inputs and outputs in float16 too.")
  private boolean fp16Io;

  @Option(names = INT8, description = "Weights as 8-bit integers with a scale for each channel.")
  private boolean int8;

  @Option(
      names = BATCH,
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images at once, as a fixed extent of the model (default: as it has them).")
  private Integer batch;

  @Option(
      names = EXTERNAL_DATA,
      description =
          "Weights in a file beside the model, even where they fit into it (default: from 2 GB"
              + " on).")
  private boolean externalData;

  /** A version that can be written. */
  private static final class Version implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      if (value.matches("\\d{1,3}")) {
        int version = Integer.parseInt(value);
        if (version >= OpsetConversion.OLDEST && version <= OpsetConversion.NEWEST) {
          return version;
        }
      }
      throw new TypeConversionException(
          "expected %d to %d, found '%s'"
              .formatted(OpsetConversion.OLDEST, OpsetConversion.NEWEST, value));
    }
  }

  private ImageSize size; // null: as the model has it

  /** Gives open heights and widths this size; null leaves them. */
  void fixSize(ImageSize wanted) {
    this.size = wanted;
  }

  /** Refuses options that contradict each other, before any work. */
  void requireConsistent() {
    if (fp16 && int8) {
      throw new UsageException(INT8 + ": expected it without " + FP16 + ", found both");
    }
    if (fp16Io && !fp16) {
      throw new UsageException(FP16_IO + ": expected " + FP16 + " beside it, found it alone");
    }
  }

  /** Images at once; empty where nothing is said. */
  OptionalInt batch() {
    return batch == null ? OptionalInt.empty() : OptionalInt.of(batch);
  }

  /** How the file is written. */
  OnnxWriter.Options options() {
    return externalData
        ? OnnxWriter.Options.DEFAULT.withExternalThreshold(0)
        : OnnxWriter.Options.DEFAULT;
  }

  /** Whether graphs stay as they are. */
  boolean isUnchanged() {
    return form().isUnchanged();
  }

  /** The options that ask for another graph. */
  List<String> given() {
    List<String> given = new ArrayList<>();
    ScheduleOptions.addIf(opset != null, OPSET, given);
    ScheduleOptions.addIf(fp16, FP16, given);
    ScheduleOptions.addIf(fp16Io, FP16_IO, given);
    ScheduleOptions.addIf(int8, INT8, given);
    ScheduleOptions.addIf(batch != null, BATCH, given);
    ScheduleOptions.addIf(size != null, ExportCommand.SIZE, given);
    return given;
  }

  /** The form. */
  ModelForm form() {
    ModelForm form = ModelForm.UNCHANGED;
    form = opset == null ? form : form.withOpset(opset);
    form = fp16 ? form.withHalf(fp16Io) : form;
    form = int8 ? form.withInt8() : form;
    form = batch == null ? form : form.withBatch(batch);
    return size == null ? form : form.withSize(size.height(), size.width());
  }

  /**
   * The model in this form.
   *
   * @param name of the model, for messages
   * @throws UsageException if the form does not suit the model
   */
  OnnxModel apply(String name, OnnxModel model) {
    try {
      return form().apply(model);
    } catch (TransformException e) {
      throw new UsageException(name + ": " + e.getMessage());
    }
  }
}
