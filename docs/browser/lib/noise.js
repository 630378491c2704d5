/**
 * The noise of an image, as docs/random.md specifies it: number e of draw d of image k of seed s is
 * a function of those four alone, and the same bits as in Java.
 */

/** The high 32 bits of a product of two 32-bit numbers. */
function high(a, b) {
  return Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n);
}

/** Philox4x32-10 (Salmon et al. 2011) of a counter of four words and a key of two. */
export function philox([a, b, c, d], [k, l]) {
  for (let round = 0; round < 10; round++) {
    const p = high(0xD2511F53, a);
    const q = high(0xCD9E8D57, c);
    [a, b, c, d] = [
      (q ^ b ^ k) >>> 0,
      Math.imul(0xCD9E8D57, c) >>> 0,
      (p ^ d ^ l) >>> 0,
      Math.imul(0xD2511F53, a) >>> 0,
    ];
    k = (k + 0x9E3779B9) >>> 0;
    l = (l + 0xBB67AE85) >>> 0;
  }
  return [a, b, c, d];
}

// AS 241, PPND16 (Wichura 1988): numerators and denominators, from the highest power down.
const A = [
  2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
  4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
  1.3314166789178437745e2, 3.3871328727963666080e0,
];
const B = [
  5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
  2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
  4.2313330701600911252e1, 1,
];
const C = [
  7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
  1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
  4.63033784615654529590e0, 1.42343711074968357734e0,
];
const D = [
  1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
  1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
  2.05319162663775882187e0, 1,
];
const E = [
  2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
  2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
  5.46378491116411436990e0, 6.65790464350110377720e0,
];
const F = [
  2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
  7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
  5.99832206555887937690e-1, 1,
];
const LN_2 = 0.6931471805599453;

const horner = (powers, x) => powers.reduce((sum, each) => sum * x + each, 0);

/** log p by a series of its own: libraries' logarithms differ in the last bit. */
function log(p) {
  let n = 0;
  let m = p;
  while (m < 1) {
    m *= 2;
    n--;
  }
  if (m >= 1.5) {
    m /= 2;
    n++;
  }
  const g = (m - 1) / (m + 1);
  const h = g * g;
  let sum = 0;
  for (let j = 12; j >= 1; j--) {
    sum = sum * h + 1 / (2 * j - 1);
  }
  return n * LN_2 + 2 * g * sum;
}

/** The number below which a standard normal variable lies with probability u. */
function inverseNormal(u) {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return q * horner(A, r) / horner(B, r);
  }
  const r = Math.sqrt(-log(q < 0 ? u : 1 - u));
  const z = r <= 5
    ? horner(C, r - 1.6) / horner(D, r - 1.6)
    : horner(E, r - 5) / horner(F, r - 5);
  return q < 0 ? -z : z;
}

/**
 * Standard normal numbers of one image.
 *
 * @param seed BigInt
 * @param image its number, below 2^53
 * @param draw 0 for x_T
 */
export function imageNoise(seed, image, draw, size) {
  const key = [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))];
  const [low, up] = [image % 2 ** 32, Math.floor(image / 2 ** 32)];
  const noise = new Float32Array(size);
  for (let e = 0; e < size; e += 4) {
    philox([e / 4, draw >>> 0, low, up], key).forEach((word, i) => {
      if (e + i < size) {
        noise[e + i] = inverseNormal((word + 0.5) / 2 ** 32);
      }
    });
  }
  return noise;
}
