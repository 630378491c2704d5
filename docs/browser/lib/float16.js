/** Float16 as its bits, where JavaScript has no such array yet. */

const LEAST_NORMAL = 2 ** -14;
const UNIT = 2 ** -24; // of numbers below that
const INTEGER = 2 ** 52; // from here on a number has no fraction

/** The nearest float16 numbers, the even one of two. */
export function toFloat16(values) {
  const floats = Float32Array.from(values);
  return Uint16Array.from(new Uint32Array(floats.buffer), (bits, i) => half(floats[i], bits));
}

function half(value, bits) {
  const sign = bits >>> 16 & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) {
    return sign | 0x7E00;
  }
  if (size >= 65520) { // nearer to infinity than to 65504
    return sign | 0x7C00;
  }
  if (size < LEAST_NORMAL) {
    return sign | size / UNIT + INTEGER - INTEGER;
  }
  const moved = (bits & 0x7FFFFFFF) - (112 << 23); // to the bias of float16
  return sign | moved + 0xFFF + (moved >>> 13 & 1) >>> 13;
}

/** The numbers of float16 bits. */
export function fromFloat16(halves) {
  return Float32Array.from(halves, bits => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = bits >>> 10 & 31;
    const fraction = bits & 1023;
    if (exponent === 31) {
      return fraction ? NaN : sign * Infinity;
    }
    return sign * (exponent === 0 ? fraction * UNIT : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}
