/**
 * A network that predicts the noise: a model of `ddpm export`, or the predictor beside a training
 * step, whose weights are an input.
 */
export class Predictor {
  #ort;
  #session;
  #shape;

  /**
   * @param ort onnxruntime-web or onnxruntime-node
   * @param session an InferenceSession of the network
   * @param image channels, height and width
   */
  constructor(ort, session, {channels, height, width}) {
    this.#ort = ort;
    this.#session = session;
    this.#shape = [channels, height, width];
  }

  /** How many numbers an image has. */
  get imageSize() {
    return this.#shape.reduce((a, b) => a * b);
  }

  /** Whether the network is told classes. */
  get isConditional() {
    return this.#session.inputNames.includes('class_labels');
  }

  /**
   * The network as a function of x and t.
   *
   * @param labels of the images, of a conditional network
   * @param weights of a network that has them as an input
   */
  with({labels, weights} = {}) {
    return async (x, t) => {
      const n = x.length / this.imageSize;
      const whole = values => new this.#ort.Tensor('int64', values, [n]);
      const feeds = {
        sample: new this.#ort.Tensor('float32', x, [n, ...this.#shape]),
        timestep: whole(new BigInt64Array(n).fill(BigInt(t))),
      };
      if (this.isConditional) {
        feeds.class_labels = whole(BigInt64Array.from(labels, BigInt));
      }
      if (weights) {
        feeds.weights = new this.#ort.Tensor('float32', weights, [weights.length]);
      }
      return (await this.#session.run(feeds)).out_sample.data;
    };
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
