package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.model.Device.ConvSearch;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTest {
  @Test
  void devicesAreParsed() {
    assertEquals(Device.cpu(), Device.parse("cpu"));
    assertEquals(Device.cuda(0), Device.parse("cuda"));
    assertEquals(Device.cuda(12), Device.parse("cuda:12"));
    for (String bad :
        List.of("", "gpu", "cuda:", "cuda:-1", "CUDA", "cpu,tf32=off", "cudamemory=4G")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Device.parse(bad), bad).getMessage();
      assertTrue(message.startsWith("device: expected cpu, cuda or cuda:INDEX"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> Device.cuda(-1));
    assertThrows(IllegalArgumentException.class, () -> new SessionSettings(Device.cpu(), 0));
  }

  @Test
  void optionsOfCudaAreParsed() {
    Device.Cuda device =
        Device.cuda(1)
            .withMemoryLimit(4L << 30)
            .withTf32(false)
            .withConvSearch(ConvSearch.HEURISTIC);
    assertEquals(device, Device.parse("cuda:1,memory=4G,tf32=off,search=heuristic"));
    assertEquals("cuda:1,memory=4294967296,tf32=off,search=heuristic", device.toString());
    assertEquals(device, Device.parse(device.toString()));
    assertEquals(Device.cuda(0).withTf32(true), Device.parse("cuda,tf32=on"));
    assertEquals(Device.cuda(0).withMemoryLimit(3 << 20), Device.parse("cuda,memory=3M"));
    assertEquals(Device.cuda(0).withMemoryLimit(3 << 10), Device.parse("cuda,memory=3K"));
    assertEquals("cuda:0", Device.cuda(0).toString());
  }

  /** The keys are those of ONNX Runtime's CUDA provider; nothing is said that was not asked for. */
  @Test
  void optionsReachTheProviderByItsNames() {
    assertEquals(Map.of(), Device.cuda(3).providerOptions());
    assertEquals(
        Map.of("gpu_mem_limit", "1073741824", "use_tf32", "0", "cudnn_conv_algo_search", "DEFAULT"),
        Device.cuda(3)
            .withMemoryLimit(1 << 30)
            .withTf32(false)
            .withConvSearch(ConvSearch.DEFAULT)
            .providerOptions());
    assertEquals(Map.of("use_tf32", "1"), Device.cuda(0).withTf32(true).providerOptions());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "cuda,tf32=yes; device: tf32: expected on or off, found \"yes\"",
        "cuda,memory=4T; device: memory: expected bytes, or a number with K, M or G, found \"4T\"",
        "cuda,memory=17179869185G; device: memory: expected at most 9223372036854775807 bytes, found \"17179869185G\"",
        "cuda,tf32=on,memory=1G,tf32=on; device: expected the option tf32 once, found it twice in \"cuda,tf32=on,memory=1G,tf32=on\"",
        "cuda,memory=0; device: memory: expected at least 1 byte, found 0",
        "cuda,search=fast; device: search: expected exhaustive, heuristic or default, found \"fast\"",
        "cuda,speed=9; device: expected the options memory, tf32 and search, found \"speed=9\"",
        "cuda,; device: expected the options memory, tf32 and search, found \"\""
      })
  void wrongOptionsAreRefusedInOneSentence(String text, String sentence) {
    assertEquals(
        sentence,
        assertThrows(IllegalArgumentException.class, () -> Device.parse(text)).getMessage());
  }
}
