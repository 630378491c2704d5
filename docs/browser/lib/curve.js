/** How much of the running mean each step forgets. */
const FORGOTTEN = 0.05;

/**
 * The losses of a session, however long, as points of equally many steps each: at most LIMIT of
 * them. When they are full, each two become one.
 */
export class LossCurve {
  /** More than a canvas has pixels side by side would not be seen. */
  static LIMIT = 600;

  #points = [];
  #span = 1; // steps of a point
  #steps = 0;
  #mean = 0;
  #weight = 0;

  /** Appends the loss of a step. */
  add(loss) {
    if (this.#steps === LossCurve.LIMIT * this.#span) {
      this.#halve();
    }
    this.#mean += FORGOTTEN * (loss - this.#mean);
    this.#weight += FORGOTTEN * (1 - this.#weight);
    const place = Math.floor(this.#steps++ / this.#span);
    const {low = loss, high = loss} = this.#points[place] ?? {};
    this.#points[place] =
        {low: Math.min(low, loss), high: Math.max(high, loss), mean: this.mean};
  }

  #halve() {
    const half = [];
    for (let i = 0; i < this.#points.length; i += 2) {
      const [a, b] = [this.#points[i], this.#points[i + 1]];
      half.push({low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), mean: b.mean});
    }
    this.#points = half;
    this.#span *= 2;
  }

  /** Of how many steps. */
  get steps() {
    return this.#steps;
  }

  /** The mean of all losses so far, of which each step forgets a twentieth. */
  get mean() {
    return this.#mean / this.#weight;
  }

  /** Lowest and highest loss of the steps of a point, and the running mean after them. */
  get points() {
    return this.#points;
  }

  /** Where a point's middle lies between the first step, 0, and the last, 1. */
  place(point) {
    return Math.min(1, (point + 0.5) * this.#span / this.#steps);
  }
}
