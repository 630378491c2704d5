import {imageNoise} from './noise.js';
import {tensor} from './tensors.js';

/** A whole sampling run in one graph, as `ddpm export --sampler` writes it. */
export class Loop {
  #ort;
  #session;
  #inputs;
  #image;
  #nullClass;

  /**
   * @param session an InferenceSession of the loop, which this object owns
   * @param image channels, height and width
   * @param nullClass the label of no class, or null
   */
  constructor(ort, session, image, nullClass) {
    this.#ort = ort;
    this.#session = session;
    this.#inputs = Object.fromEntries(session.inputMetadata.map(each => [each.name, each]));
    this.#image = image;
    this.#nullClass = nullClass;
    const strange = Object.keys(this.#inputs).filter(name => !(name in this.#feeding()));
    if (strange.length > 0) {
      throw new Error(`${strange}: expected the inputs of a sampling loop, found more`);
    }
  }

  get isConditional() {
    return 'class_labels' in this.#inputs;
  }

  get isGuided() {
    return 'guidance' in this.#inputs;
  }

  /** How many images a call makes; null where any number will do. */
  get batch() {
    const {noise, class_labels: labels} = this.#inputs;
    const [extent] = (noise ?? labels ?? this.#session.outputMetadata[0]).shape;
    return typeof extent === 'number' ? extent : null;
  }

  /** How many images there can be: a loop that makes the noise of a seed begins with the first. */
  get most() {
    return 'seed' in this.#inputs ? this.batch : null;
  }

  /** By name: the numbers of an input and its shape, for n images from one on. */
  #feeding() {
    const {channels, height, width} = this.#image;
    const size = channels * height * width;
    const noise = (seed, from, n, draw) => {
      const numbers = new Float32Array(n * size);
      for (let i = 0; i < n; i++) {
        numbers.set(imageNoise(seed, from + i, draw, size), i * size);
      }
      return numbers;
    };
    return {
      noise: ({seed, from, n}) => [noise(seed, from, n, 0), [n, channels, height, width]],
      step_noise: ({seed, from, n}, {shape: [steps]}) => {
        const numbers = new Float32Array(steps * n * size);
        for (let k = 0; k < steps; k++) {
          numbers.set(noise(seed, from, n, k + 1), k * n * size);
        }
        return [numbers, [steps, n, channels, height, width]];
      },
      class_labels: ({n, label}) => [Array(n).fill(label ?? this.#nullClass ?? 0), [n]],
      guidance: ({label, guidance}) => [[label === null ? 1 : guidance], []],
      seed: ({seed}) => [[BigInt.asIntN(64, seed)], []],
      count: ({n}) => [[n], []],
    };
  }

  /**
   * The images as (N, C, H, W), -1 black and 1 white. Where the graph makes a fixed number, it is
   * called as often as they need.
   *
   * @param seed BigInt: the pictures are those of `ddpm sample` with this seed and method
   * @param label of all images, null for no class
   * @param guidance 1 for none
   */
  async sample({images, seed, label, guidance}) {
    const batch = this.batch ?? images;
    const {channels, height, width} = this.#image;
    const size = channels * height * width;
    const x = new Float32Array(images * size);
    for (let from = 0; from < images; from += batch) {
      const feeds = {};
      for (const [name, spec] of Object.entries(this.#inputs)) {
        const [values, shape] =
            this.#feeding()[name]({seed, from, n: batch, label, guidance}, spec);
        feeds[name] = tensor(this.#ort, spec, values, shape);
      }
      const {type, data} = (await this.#session.run(feeds)).images;
      const kept = Math.min(batch, images - from) * size;
      x.set(type === 'uint8'
        ? fromBytes(data.subarray(0, kept), channels, height * width)
        : data.subarray(0, kept), from * size);
    }
    return x;
  }

  /** Frees the session's memory. */
  release() {
    return this.#session.release();
  }
}

/** From bytes (N, H, W, C) to numbers (N, C, H, W). */
function fromBytes(bytes, channels, area) {
  return Float32Array.from(bytes, (_, i) => {
    const [image, channel, at] = [
      Math.floor(i / (channels * area)), Math.floor(i / area) % channels, i % area,
    ];
    return bytes[(image * area + at) * channels + channel] / 127.5 - 1;
  });
}
