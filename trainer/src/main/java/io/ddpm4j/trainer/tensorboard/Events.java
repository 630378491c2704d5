package io.ddpm4j.trainer.tensorboard;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.util.Map;

/**
 * TensorBoard's messages, as many of their fields as are used here. A field is written {@code type
 * name = number}:
 *
 * <pre>
 * Event       double wall_time = 1, int64 step = 2, string file_version = 3, Summary summary = 5,
 *             SessionLog session_log = 7
 * Summary     repeated Value value = 1
 * Value       string tag = 1, float simple_value = 2, Image image = 4
 * Image       int32 height = 1, int32 width = 2, int32 colorspace = 3,
 *             bytes encoded_image_string = 4
 * SessionLog  enum status = 1, of which START is 1
 * </pre>
 */
final class Events {
  private static final String FILE_VERSION = "brain.Event:2";
  private static final int START = 1;

  /** When, in seconds since 1970, and at which step something was. */
  record Moment(double wallTime, long step) {
    void writeTo(CodedOutputStream out) throws IOException {
      out.writeDouble(1, wallTime);
      if (step != 0) { // the default, which is left out
        out.writeInt64(2, step);
      }
    }
  }

  private Events() {}

  /** The first event of a file. */
  static byte[] version(Moment moment) {
    return Proto.message(
        event -> {
          moment.writeTo(event);
          event.writeString(3, FILE_VERSION);
        });
  }

  /** Begins, or begins again, at a step: what other files of the folder say from it on is void. */
  static byte[] start(Moment moment) {
    byte[] log = Proto.message(out -> out.writeEnum(1, START));
    return Proto.message(
        event -> {
          moment.writeTo(event);
          event.writeByteArray(7, log);
        });
  }

  /** Numbers by tag. */
  static byte[] scalars(Moment moment, Map<String, Double> values) {
    byte[] summary =
        Proto.message(
            out -> {
              for (Map.Entry<String, Double> each : values.entrySet()) {
                out.writeByteArray(1, scalar(each.getKey(), each.getValue().floatValue()));
              }
            });
    return summary(moment, summary);
  }

  private static byte[] scalar(String tag, float number) {
    return Proto.message(
        out -> {
          out.writeString(1, tag);
          out.writeFloat(2, number);
        });
  }

  /** A picture. */
  static byte[] image(Moment moment, String tag, Png png) {
    byte[] image =
        Proto.message(
            out -> {
              out.writeInt32(1, png.height());
              out.writeInt32(2, png.width());
              out.writeInt32(3, png.channels());
              out.writeByteArray(4, png.file());
            });
    byte[] value =
        Proto.message(
            out -> {
              out.writeString(1, tag);
              out.writeByteArray(4, image);
            });
    return summary(moment, Proto.message(out -> out.writeByteArray(1, value)));
  }

  private static byte[] summary(Moment moment, byte[] summary) {
    return Proto.message(
        event -> {
          moment.writeTo(event);
          event.writeByteArray(5, summary);
        });
  }
}
