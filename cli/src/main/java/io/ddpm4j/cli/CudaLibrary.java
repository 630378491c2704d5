package io.ddpm4j.cli;

import java.util.Optional;

/**
 * The native libraries that ONNX Runtime's CUDA provider loads, CUDA 12 and cuDNN 9, each with what
 * installs it.
 */
enum CudaLibrary {
  DRIVER("libcuda.so.1", "nvcuda.dll", "the NVIDIA driver, 525 or later"),
  RUNTIME("libcudart.so.12", "cudart64_12.dll", Sources.TOOLKIT),
  CUBLAS("libcublas.so.12", "cublas64_12.dll", Sources.TOOLKIT),
  CUBLAS_LT("libcublasLt.so.12", "cublasLt64_12.dll", Sources.TOOLKIT),
  CUFFT("libcufft.so.11", "cufft64_11.dll", Sources.TOOLKIT),
  CURAND("libcurand.so.10", null, Sources.TOOLKIT),
  CUDNN("libcudnn.so.9", "cudnn64_9.dll", "cuDNN 9 for CUDA 12 (package cudnn9-cuda-12)");

  private final String linux;
  private final String windows; // null: not loaded there
  private final String source;

  CudaLibrary(String linux, String windows, String source) {
    this.linux = linux;
    this.windows = windows;
    this.source = source;
  }

  private static final class Sources {
    static final String TOOLKIT = "CUDA Toolkit 12 (package cuda-toolkit-12-x)";
  }

  /** Its file on Windows or Linux; empty where nothing loads it. */
  Optional<String> file(boolean onWindows) {
    return Optional.ofNullable(onWindows ? windows : linux);
  }

  /** What to do where it is missing. */
  String fix(boolean onWindows) {
    return "install "
        + source
        + ", and put its folder into "
        + (onWindows ? "PATH" : "LD_LIBRARY_PATH or run ldconfig");
  }
}
