package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;

/**
 * Holds JSON against the components of a record before Gson reads it: Gson passes over what it does
 * not know and makes zeros of what is missing.
 */
public final class StrictRecords {
  private StrictRecords() {}

  /**
   * Checks an object and those within it.
   *
   * @param path of the object, for messages; empty for the outermost
   * @throws IllegalArgumentException if a field is unknown, missing or of another kind; components
   *     of reference types but records and lists may be missing, and so may those marked {@link
   *     MayBeAbsent}
   */
  public static void check(JsonElement element, Class<?> type, String path) {
    require(element.isJsonObject(), path.isEmpty() ? "run" : path, "a JSON object", element);
    JsonObject object = element.getAsJsonObject();
    List<RecordComponent> components = Arrays.asList(type.getRecordComponents());
    List<String> names = components.stream().map(RecordComponent::getName).toList();
    String prefix = path.isEmpty() ? "" : path + ".";
    for (String key : object.keySet()) {
      require(names.contains(key), prefix + key, "one of the fields " + names, "another");
    }
    for (RecordComponent component : components) {
      value(object.get(component.getName()), component, prefix + component.getName());
    }
  }

  private static void value(JsonElement value, RecordComponent component, String path) {
    Class<?> type = component.getType();
    if (value == null || value.isJsonNull()) {
      boolean optional =
          !type.isPrimitive() && !type.isRecord() && type != List.class
              || component.isAnnotationPresent(MayBeAbsent.class);
      require(optional, path, kind(type), "none");
    } else if (type.isRecord()) {
      check(value, type, path);
    } else if (type == JsonObject.class) {
      require(value.isJsonObject(), path, "a JSON object", value);
    } else if (type == List.class) {
      require(value.isJsonArray(), path, "a list", value);
      JsonArray array = value.getAsJsonArray();
      Class<?> item =
          (Class<?>) ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
      for (JsonElement each : array) {
        require(fits(each, item), path, "a list, each " + kind(item), each);
      }
    } else {
      require(fits(value, type), path, kind(type), value);
    }
  }

  private static boolean fits(JsonElement value, Class<?> type) {
    if (!(value instanceof JsonPrimitive primitive)) {
      return false;
    }
    if (type == String.class) {
      return primitive.isString();
    }
    if (type == boolean.class || type == Boolean.class) {
      return primitive.isBoolean();
    }
    if (!primitive.isNumber()) {
      return false;
    }
    try {
      if (type == long.class) {
        primitive.getAsBigDecimal().longValueExact();
      } else if (type == int.class || type == Integer.class) {
        primitive.getAsBigDecimal().intValueExact();
      }
      return true;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private static String kind(Class<?> type) {
    if (type.isRecord() || type == JsonObject.class) {
      return "a JSON object";
    }
    return switch (type.getSimpleName()) {
      case "List" -> "a list";
      case "String" -> "a text";
      case "boolean", "Boolean" -> "true or false";
      case "double", "Double" -> "a number";
      default -> "a whole number";
    };
  }

  private static void require(boolean ok, String path, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(path + ": expected " + expected + ", found " + found);
    }
  }
}
