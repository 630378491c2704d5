import {alphasCumprod, timesteps} from './schedule.js';

/** x̂_0 and ε from x_t and what the network predicts, given the signal √ᾱ and the noise √(1-ᾱ). */
const PREDICTIONS = {
  epsilon: (x, e, signal, noise) => [(x - noise * e) / signal, e],
  sample: (x, x0, signal, noise) => [x0, (x - signal * x0) / noise],
  v_prediction: (x, v, signal, noise) => [signal * x - noise * v, signal * v + noise * x],
};

/** Classes of diffusers whose networks are told noise levels, which betas do not give. */
const OTHER_LEVELS = /^(CMStochastic|EDM|FlowMatch|ScoreSdeVe)/;

/**
 * Refuses a configuration by which {@link ddim} cannot sample, whatever the steps.
 *
 * @param scheduler a configuration in diffusers' fields
 */
export function checkScheduler(scheduler) {
  const {prediction_type: type = 'epsilon', _class_name: name = ''} = scheduler;
  if (OTHER_LEVELS.test(name)) {
    throw new Error(`scheduler: expected a noise schedule of betas, found ${name}`);
  }
  if (!Object.hasOwn(PREDICTIONS, type)) {
    throw new Error(
        `prediction_type: expected one of ${Object.keys(PREDICTIONS).join(', ')}, found ${type}`);
  }
  if (scheduler.thresholding) {
    throw new Error('thresholding: expected a scheduler without it, found true');
  }
}

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
  checkScheduler(scheduler);
  const alphas = alphasCumprod(scheduler);
  const {prediction_type: type = 'epsilon', clip_sample_range: range = 1} = scheduler;
  const bound = scheduler.clip_sample ?? true ? range : Infinity;
  const stride = Math.floor(alphas.length / steps);
  const last = scheduler.set_alpha_to_one ?? true ? 1 : alphas[0]; // ᾱ = 1 is the image
  const size = x.length / images;
  const visited = timesteps(scheduler, alphas.length, steps);
  if (type === 'epsilon' && bound === Infinity && alphas[visited[0]] === 0) {
    throw new Error('prediction_type: expected sample or v_prediction, or clip_sample, at timestep ' +
        `${visited[0]} where alphas_cumprod is 0, found epsilon without clipping`);
  }
  let done = 0;
  for (const t of visited) {
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
