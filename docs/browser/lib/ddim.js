import {alphasCumprod, timesteps} from './schedule.js';

/** x̂_0 and ε from x_t and what the network predicts, given the signal √ᾱ and the noise √(1-ᾱ). */
const PREDICTIONS = {
  epsilon: (x, e, signal, noise) => [(x - noise * e) / signal, e],
  sample: (x, x0, signal, noise) => [x0, (x - signal * x0) / noise],
  v_prediction: (x, v, signal, noise) => [signal * x - noise * v, signal * v + noise * x],
};

/**
 * Samples with denoising diffusion implicit models, without noise in between (Song et al. 2021,
 * eq. 12 with σ = 0).
 *
 * @param predict (x, t) to the network's output for all images, as a promise; where that has twice
 *     the channels, for a learned variance, each image's second half is not used
 * @param scheduler a configuration in diffusers' fields
 * @param x x_T of all images, one after the other, which becomes x_0
 * @param images how many there are in x
 * @param steps of sampling
 * @param onStep is told after each step how many are done, and may be asynchronous
 */
export async function ddim(predict, scheduler, {x, images, steps, onStep = () => {}}) {
  const alphas = alphasCumprod(scheduler);
  const {prediction_type: type = 'epsilon', clip_sample_range: range = 1} = scheduler;
  if (!(type in PREDICTIONS)) {
    throw new Error(
        `prediction_type: expected one of ${Object.keys(PREDICTIONS).join(', ')}, found ${type}`);
  }
  if (scheduler.thresholding) {
    throw new Error('thresholding: expected a scheduler without it, found true');
  }
  const bound = scheduler.clip_sample ?? true ? range : Infinity;
  const stride = Math.floor(alphas.length / steps);
  const last = scheduler.set_alpha_to_one ?? true ? 1 : alphas[0]; // ᾱ = 1 is the image
  const size = x.length / images;
  let done = 0;
  for (const t of timesteps(scheduler, alphas.length, steps)) {
    const output = await predict(x, t);
    const outputSize = output.length / images;
    const [signal, noise] = [Math.sqrt(alphas[t]), Math.sqrt(1 - alphas[t])];
    const target = alphas[t - stride] ?? last;
    for (let i = 0; i < x.length; i++) {
      const found = output[Math.floor(i / size) * outputSize + i % size];
      const [x0, epsilon] = PREDICTIONS[type](x[i], found, signal, noise);
      const clipped = Math.min(bound, Math.max(-bound, x0));
      x[i] = Math.sqrt(target) * clipped + Math.sqrt(1 - target) * epsilon;
    }
    await onStep(++done, steps);
  }
  return x;
}
