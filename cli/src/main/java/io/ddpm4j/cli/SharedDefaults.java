package io.ddpm4j.cli;

import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.ResourceBundle;

/**
 * What options that several commands share do where they are not given, for the help of one of
 * these commands: the value of {@code ${bundle:KEY}} in their descriptions. No key is the name of
 * an option, for whose whole description the parser would take it.
 */
final class SharedDefaults extends ResourceBundle {
  private final Map<String, String> texts;

  /** By key; what is absent is as the option itself says. */
  SharedDefaults(Map<String, String> texts) {
    this.texts = Map.copyOf(texts);
  }

  @Override
  protected Object handleGetObject(String key) {
    return texts.get(key);
  }

  @Override
  public Enumeration<String> getKeys() {
    return Collections.enumeration(texts.keySet());
  }
}
