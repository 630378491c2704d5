package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatasetCardTest {
  @TempDir Path folder;

  @Test
  void comesBackFromItsFile() throws IOException {
    DatasetCard card = DatasetCard.of(new ShapesDataset(10, 8, 0));
    Path file = Files.writeString(folder.resolve("dataset.json"), card.toJson());
    assertEquals(Optional.of(card), DatasetCard.read(file));
    assertEquals(Optional.empty(), DatasetCard.read(folder.resolve("none")));
  }

  @Test
  void pixelsAndLabelsMakeTheFingerprint() {
    ImageDataset shapes = new ShapesDataset(600, 8, 0);
    String fingerprint = DatasetCard.of(shapes).fingerprint();
    assertEquals(fingerprint, DatasetCard.of(new ShapesDataset(600, 8, 0)).fingerprint());
    assertNotEquals(fingerprint, DatasetCard.of(new ShapesDataset(600, 8, 1)).fingerprint());
    ImageDataset relabelled =
        new DelegatingDataset(shapes) {
          @Override
          public int label(int index) {
            return index == 599 ? (super.label(index) + 1) % 6 : super.label(index);
          }
        };
    assertNotEquals(fingerprint, DatasetCard.of(relabelled).fingerprint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"images\":10 | \"images\":\"x\" | a whole number images",
        "\"images\":10 | \"images\":1e99 | a whole number images",
        "\"name\":\"shapes\" | \"name\":null | a text name",
        "\"classes\":[ | \"classes\":{},\"x\":[ | a list classes",
        "\"classes\":[ | \"classes\":[3, | a text classes",
        "\"shape\":[ | \"shape\":[[], | a whole number shape",
        "\"sha256\":\" | \"sha256\":3,\"x\":\" | a text sha256",
        "{ | {{ | as JSON",
        "{ | 3 | as JSON"
      })
  void aDamagedFileIsSaid(String from, String to, String said) throws IOException {
    String text = DatasetCard.of(new ShapesDataset(10, 8, 0)).toJson();
    Path file = folder.resolve("dataset.json");
    assertTrue(text.contains(from), text);
    Files.writeString(file, text.replaceFirst(Pattern.quote(from), to));
    fails(IOException.class, () -> DatasetCard.read(file), file + ": expected the data of", said);
  }
}
