/**
 * Samples with {@link ddim} from a network that needs no runtime: ε, or what else is predicted, is
 * 0.3 x + t/T, and where a variance is learned, nines follow. Reads cases as JSON from standard
 * input, a list of scheduler, steps, images, size and seed, and prints what was sampled in each.
 */
import {readFileSync} from 'node:fs';
import {ddim} from '../lib/ddim.js';
import {imageNoise} from '../lib/noise.js';
import {alphasCumprod} from '../lib/schedule.js';

const found = [];
for (const {scheduler, steps, images, size, seed} of JSON.parse(readFileSync(0, 'utf8'))) {
  const T = alphasCumprod(scheduler).length;
  const learned = scheduler.variance_type === 'learned_range';
  const x = new Float32Array(images * size);
  for (let k = 0; k < images; k++) {
    x.set(imageNoise(BigInt(seed), k, 0, size), k * size);
  }
  const noise = [...x];
  const predict = async (now, t) => {
    const output = new Float32Array((learned ? 2 : 1) * now.length).fill(9);
    for (let k = 0; k < images; k++) {
      for (let i = 0; i < size; i++) {
        output[(learned ? 2 : 1) * k * size + i] = 0.3 * now[k * size + i] + t / T;
      }
    }
    return output;
  };
  found.push({noise, sampled: [...await ddim(predict, scheduler, {x, images, steps})]});
}
console.log(JSON.stringify(found));
