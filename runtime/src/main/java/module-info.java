/** Loads models into ONNX Runtime and samples from them; what an application embeds. */
@SuppressWarnings("requires-automatic") // ONNX Runtime's jar holds no descriptor
module io.ddpm4j.runtime {
  requires com.google.gson;
  requires com.microsoft.onnxruntime;
  requires jdk.management;
  requires transitive java.desktop;

  exports io.ddpm4j.runtime;
  exports io.ddpm4j.runtime.image;
  exports io.ddpm4j.runtime.likelihood;
  exports io.ddpm4j.runtime.model;
  exports io.ddpm4j.runtime.random;
  exports io.ddpm4j.runtime.sampling;
  exports io.ddpm4j.runtime.schedule;
}
