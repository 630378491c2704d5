package io.ddpm4j.runtime.model;

/** Where a model runs. A device that is missing is an error, never replaced by another. */
public sealed interface Device {

  /** The processor: always there. */
  static Device cpu() {
    return new Cpu();
  }

  /** The CUDA device of this index; needs the artifact {@code onnxruntime_gpu}. */
  static Device cuda(int index) {
    return new Cuda(index);
  }

  /**
   * Reads {@code cpu}, {@code cuda} (the first) or {@code cuda:1}.
   *
   * @throws IllegalArgumentException listing the legal forms
   */
  static Device parse(String text) {
    if (text.equals("cpu")) {
      return cpu();
    }
    if (text.equals("cuda")) {
      return cuda(0);
    }
    if (text.matches("cuda:\\d{1,4}")) {
      return cuda(Integer.parseInt(text.substring("cuda:".length())));
    }
    throw new IllegalArgumentException(
        "device: expected cpu, cuda or cuda:INDEX, found \"" + text + "\"");
  }

  /** The processor. */
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /** A CUDA device. */
  record Cuda(int index) implements Device {
    /** Refuses a negative index. */
    public Cuda {
      if (index < 0) {
        throw new IllegalArgumentException("device: expected an index from 0, found " + index);
      }
    }

    @Override
    public String toString() {
      return "cuda:" + index;
    }
  }
}
