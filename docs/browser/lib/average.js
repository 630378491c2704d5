/**
 * The average of weights over a session, whose decay rises with its steps: after n of them it is
 * (1 + n) / (25 + n), and no more than that of the run. So it follows at once what is learned from
 * new images, where the run's own average, of decay 0.999 say, shows the old ones for thousands of
 * steps.
 */
export class SessionAverage {
  #decay;
  #steps = 0;
  #values;

  /**
   * @param decay of the run's average
   * @param weights to begin with
   */
  constructor(decay, weights) {
    this.#decay = decay;
    this.#values = Float32Array.from(weights);
  }

  /** Takes in the weights after a step. */
  add(weights) {
    this.#steps++;
    const share = 1 - Math.min(this.#decay, (1 + this.#steps) / (25 + this.#steps));
    const values = this.#values;
    for (let i = 0; i < values.length; i++) {
      values[i] += share * (weights[i] - values[i]);
    }
  }

  /** The average, the same array at every call. */
  get values() {
    return this.#values;
  }
}
