package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011) in operators of int64 that every operator set has: words are numbers from 0 to 2^32 - 1,
 * and exclusive or is looked up, four bits at a time.
 */
final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final long W0 = 0x9E3779B9L;
  private static final long W1 = 0xBB67AE85L;
  private static final int ROUNDS = 10;
  private static final long WORD = 1L << 32;
  private static final long HALF = 1L << 16;
  private static final int DIGIT = 16; // of a word, of which it has eight

  private final Ops ops;
  private final Value powers; // of the digits
  private final Value xor; // of three digits

  Philox(Ops ops) {
    this.ops = ops;
    long[] places = new long[8];
    for (int k = 0; k < places.length; k++) {
      places[k] = 1L << 4 * k;
    }
    long[] table = new long[DIGIT * DIGIT * DIGIT];
    for (int k = 0; k < table.length; k++) {
      table[k] = k / (DIGIT * DIGIT) ^ k / DIGIT % DIGIT ^ k % DIGIT;
    }
    this.powers = ops.longs(places);
    this.xor = ops.longs(table);
  }

  /**
   * Blocks of four words.
   *
   * @param counter four words, least significant first, each (rows, columns) or to be broadcast to
   *     that
   * @param seed int64 scalar: the key
   * @return four words, each (rows, columns)
   */
  List<Value> block(List<Value> counter, Value seed) {
    Value low = modulo(seed, WORD);
    Value high = modulo(divided(ops.sub(seed, low), WORD), WORD);
    List<Value> c = counter;
    for (int round = 0; round < ROUNDS; round++) {
      Value[] p0 = product(c.get(0), M0);
      Value[] p1 = product(c.get(2), M1);
      Value k0 = modulo(ops.add(low, number(round * W0 % WORD)), WORD);
      Value k1 = modulo(ops.add(high, number(round * W1 % WORD)), WORD);
      c = List.of(xor(p1[0], c.get(1), k0), p1[1], xor(p0[0], c.get(3), k1), p0[1]);
    }
    return new ArrayList<>(c);
  }

  /** The high and the low word of a product, which int64 does not hold as a whole. */
  private Value[] product(Value word, long factor) {
    Value low = ops.mul(word, number(factor % HALF));
    Value high = ops.add(ops.mul(word, number(factor / HALF)), divided(low, HALF));
    Value lowWord = ops.add(ops.mul(modulo(high, HALF), number(HALF)), modulo(low, HALF));
    return new Value[] {divided(high, HALF), lowWord};
  }

  private Value xor(Value a, Value b, Value c) {
    Value three =
        ops.add(
            ops.mul(ops.add(ops.mul(digits(a), number(DIGIT)), digits(b)), number(DIGIT)),
            digits(c));
    return ops.reduceSum(ops.mul(ops.gather(xor, three, 0), powers), false, -1);
  }

  private Value digits(Value word) {
    return modulo(ops.div(ops.unsqueeze(word, -1), powers), DIGIT);
  }

  private Value divided(Value a, long b) {
    return ops.div(a, number(b));
  }

  private Value modulo(Value a, long b) {
    return ops.mod(a, number(b));
  }

  private Value number(long value) {
    return ops.constant(TensorData.scalar(value));
  }
}
