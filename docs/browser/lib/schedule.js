/**
 * The noise schedule of a scheduler configuration in diffusers' fields, as `ddpm4j.scheduler` in a
 * model's metadata and `scheduler` in the description of a training step hold it.
 */

const linspace = (from, to, count) =>
  Array.from({length: count}, (_, i) => from + (to - from) * i / Math.max(1, count - 1));

/** The betas of a schedule that is given by ᾱ, from 0 to 1 (Nichol and Dhariwal 2021, eq. 17). */
const ofAlphaBar = alphaBar => ({T}) =>
  Array.from({length: T}, (_, t) => Math.min(1 - alphaBar((t + 1) / T) / alphaBar(t / T), 0.999));

/** By name: the betas for T timesteps from one beta to another. */
const BETAS = {
  linear: ({T, from, to}) => linspace(from, to, T),
  scaled_linear: ({T, from, to}) => linspace(Math.sqrt(from), Math.sqrt(to), T).map(b => b * b),
  sigmoid: ({T, from, to}) => linspace(-6, 6, T).map(x => (to - from) / (1 + Math.exp(-x)) + from),
  squaredcos_cap_v2: ofAlphaBar(u => Math.cos((u + 0.008) / 1.008 * Math.PI / 2) ** 2),
  exp: ofAlphaBar(u => Math.exp(-12 * u)),
  laplace: ofAlphaBar(u => {
    const side = u <= 0.5 ? 1 : -1;
    const snr = Math.exp(-0.5 * side * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6));
    return Math.sqrt(snr / (1 + snr));
  }),
};

/** ᾱ_t for every timestep. */
export function alphasCumprod(scheduler) {
  const {
    trained_betas: given,
    num_train_timesteps: T = given?.length ?? 1000,
    beta_schedule: name = 'linear',
    beta_start: from = 1e-4,
    beta_end: to = 0.02,
  } = scheduler;
  if (!given && !(name in BETAS)) {
    throw new Error(
        `beta_schedule: expected one of ${Object.keys(BETAS).join(', ')}, found ${name}`);
  }
  let product = 1;
  const alphas = (given ?? BETAS[name]({T, from, to})).map(beta => product *= 1 - beta);
  return scheduler.rescale_betas_zero_snr ? withZeroTerminalSnr(alphas) : alphas;
}

/** √ᾱ shifted and scaled so that the last is 0 and the first stays (Lin et al. 2024, algorithm 1). */
function withZeroTerminalSnr(alphas) {
  const roots = alphas.map(Math.sqrt);
  const [first, last] = [roots[0], roots.at(-1)];
  return roots.map(root => ((root - last) * first / (first - last)) ** 2);
}

/** The nearest whole number, the even one of two. */
function rint(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** By name: step i of n, from noise to image (Lin et al. 2024, table 2). */
const SPACINGS = {
  leading: ({T, n, i, offset}) => (n - 1 - i) * Math.floor(T / n) + offset,
  trailing: ({T, n, i}) => rint(T - i * (T / n)) - 1,
  linspace: ({T, n, i}) => n === 1 ? 0 : rint((n - 1 - i) * ((T - 1) / (n - 1))),
};

/** The timesteps of n steps over T, strictly falling, each from T - 1 to 0. */
export function timesteps({timestep_spacing: name = 'leading', steps_offset: offset = 0}, T, n) {
  if (!(name in SPACINGS)) {
    throw new Error(
        `timestep_spacing: expected one of ${Object.keys(SPACINGS).join(', ')}, found ${name}`);
  }
  if (!(n >= 1 && n <= T)) {
    throw new Error(`steps: expected 1 to ${T}, found ${n}`);
  }
  const steps = Array.from({length: n}, (_, i) => SPACINGS[name]({T, n, i, offset}));
  steps.forEach((t, i) => {
    if (!(t >= 0 && t < (steps[i - 1] ?? T))) {
      const after = i > 0 ? ` after ${steps[i - 1]}` : '';
      const moved = offset ? ` (steps_offset is ${offset}: choose fewer steps)` : '';
      throw new Error(
          `timesteps: expected falling values from at most ${T - 1} to 0, found ${t}${after}${moved}`);
    }
  });
  return steps;
}
