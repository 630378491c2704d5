import {portsOf, shapeOfEach} from './ports.js';
import {numbers, tensor} from './tensors.js';

/**
 * A network that predicts the noise: a model of `ddpm export` in any of its forms, or the predictor
 * beside a training step, whose weights are an input.
 */
export class Predictor {
  #ort;
  #session;
  #ports;
  #shape;

  /**
   * @param ort onnxruntime-web or onnxruntime-node
   * @param session an InferenceSession of the network, which this object owns
   * @param image channels, height and width
   */
  constructor(ort, session, {channels, height, width}) {
    this.#ort = ort;
    this.#session = session;
    this.#ports = portsOf(session);
    this.#shape = [channels, height, width];
    const {sample} = this.#ports;
    if (sample.shape.slice(1).some((extent, i) => typeof extent === 'number' && extent !== this.#shape[i])) {
      throw new Error(`${sample.name}: expected images of ${this.#shape}, found [${sample.shape}]`);
    }
  }

  /** How many numbers an image has. */
  get imageSize() {
    return this.#shape.reduce((a, b) => a * b);
  }

  /** Whether the network is told classes. */
  get isConditional() {
    return this.#ports.labels !== undefined;
  }

  /**
   * The network as a function of x and t. One for a fixed number of images is run as often as they
   * need, the last time with copies of the last image, whose results are dropped.
   *
   * @param labels of the images, of a conditional network
   * @param weights of a network that has them as an input
   */
  with({labels = [], weights} = {}) {
    return async (x, t) => {
      const n = x.length / this.imageSize;
      const batch = this.#ports.batch ?? n;
      if (batch === n) {
        return this.#run(x, t, labels, weights);
      }
      let whole;
      for (let from = 0; from < n; from += batch) {
        const places = Array.from({length: batch}, (_, i) => Math.min(from + i, n - 1));
        const part = new Float32Array(batch * this.imageSize);
        places.forEach((k, i) => part.set(
            x.subarray(k * this.imageSize, (k + 1) * this.imageSize), i * this.imageSize));
        const output = await this.#run(part, t, places.map(k => labels[k]), weights);
        const size = output.length / batch;
        whole ??= new Float32Array(n * size);
        whole.set(output.subarray(0, Math.min(batch, n - from) * size), from * size);
      }
      return whole;
    };
  }

  async #run(x, t, labels, weights) {
    const {sample, timestep, labels: classes, weights: parameters, output} = this.#ports;
    const n = x.length / this.imageSize;
    const each = (spec, values) =>
      tensor(this.#ort, spec, values.slice(0, spec.shape.length === 0 ? 1 : n), shapeOfEach(spec, n));
    const feeds = {
      [sample.name]: tensor(this.#ort, sample, x, [n, ...this.#shape]),
      [timestep.name]: each(timestep, Array(n).fill(t)),
    };
    if (classes) {
      feeds[classes.name] = each(classes, labels);
    }
    if (parameters) {
      feeds[parameters.name] = tensor(this.#ort, parameters, weights, [weights.length]);
    }
    return numbers((await this.#session.run(feeds))[output.name]);
  }

  /** Frees the session's memory. */
  release() {
    return this.#session.release();
  }
}

/** Classifier-free guidance (Ho and Salimans 2022): away from what is predicted without a class. */
export function guided(predict, predictNull, scale) {
  return async (x, t) => {
    const away = Float32Array.from(await predictNull(x, t));
    const towards = await predict(x, t);
    return away.map((from, i) => from + scale * (towards[i] - from));
  };
}
