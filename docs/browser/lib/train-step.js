import {readSafetensors, writeSafetensors} from './safetensors.js';

/**
 * Trains with the files that `ddpm export RUN --train-step` writes. A step is one run of the graph:
 * the outputs `new_...` become the inputs of the next.
 */
export class TrainStep {
  #ort;
  #session;
  #state;

  /** The parsed NAME.json: batch size, inputs, hyperparameters, scheduler, image, classes. */
  description;

  /** How many steps the state has behind it. */
  stepsDone;

  /**
   * @param ort onnxruntime-web or onnxruntime-node
   * @param description the parsed NAME.json
   * @param read gives the bytes of one of its files by name, as a promise
   * @param options of the session, which {@link release} frees
   */
  static async open(ort, description, read, options = {}) {
    const {train_step: graph, state} = description.files;
    const session = await ort.InferenceSession.create(await read(graph), options);
    try {
      return new TrainStep(ort, session, description, readSafetensors(await read(state)));
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  constructor(ort, session, description, {metadata, tensors}) {
    this.#ort = ort;
    this.#session = session;
    this.description = description;
    this.load(tensors, metadata);
  }

  /** Goes on with another state, as readSafetensors gives it. */
  load(tensors, metadata) {
    const state = {};
    for (const {name, shape, role} of this.description.inputs) {
      if (role === 'state') {
        const values = tensors[name];
        if (values?.length !== shape[0]) {
          throw new Error(`${name}: expected ${shape[0]} numbers, found ${values?.length ?? 'none'}`);
        }
        state[name] = new this.#ort.Tensor('float32', values, shape);
      }
    }
    if (!/^\d+$/.test(metadata.step)) {
      throw new Error(`step: expected the number of steps done, found ${metadata.step}`);
    }
    this.#state = state;
    this.stepsDone = Number(metadata.step);
  }

  /**
   * Runs one step. A step whose loss or gradient is not finite leaves the state as it was.
   *
   * @param batch typed arrays by input: images, timestep, noise, class_labels and dropout masks,
   *     as far as the graph has them
   * @param rate the learning rate; without it, that of the run's schedule
   * @returns {Promise<{loss: number, gradientNorm: number, sampleLoss: Float32Array}>}
   */
  async step(batch, rate = learningRate(this.description.learning_rate, this.stepsDone + 1)) {
    const given = {
      ...batch,
      learning_rate: Float32Array.of(rate),
      step: BigInt64Array.of(BigInt(this.stepsDone + 1)),
    };
    const feeds = {...this.#state};
    for (const {name, type, shape, role} of this.description.inputs) {
      if (role !== 'state') {
        feeds[name] = new this.#ort.Tensor(type, given[name], shape);
      }
    }
    const out = await this.#session.run(feeds);
    const loss = out.loss.data[0];
    const gradientNorm = out.gradient_norm.data[0];
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
      for (const {input, output} of this.description.state) {
        this.#state[input] = out[output];
      }
      this.stepsDone++;
    }
    return {loss, gradientNorm, sampleLoss: out.sample_loss.data};
  }

  /** Frees the session's memory; the state stays. */
  release() {
    return this.#session.release();
  }

  /** A vector of the state: weights, ema, ... */
  state(name) {
    return this.#state[name].data;
  }

  /** The state as the bytes of a file, which `ddpm export RUN --from-state` reads too. */
  save() {
    const tensors = Object.fromEntries(
        Object.entries(this.#state).map(([name, tensor]) => [name, tensor.data]));
    return writeSafetensors(tensors, {format: 'pt', step: String(this.stepsDone)});
  }
}

/** The rate of a step, which counts from 1: a rise, then a decay towards the floor. */
export function learningRate({peak, warmup_steps: warmup, decay, steps, floor}, step) {
  if (step < warmup) {
    return peak * step / warmup;
  }
  if (step === warmup || decay === 'constant') {
    return peak;
  }
  const progress = Math.min(1, (step - 1 - warmup) / Math.max(1, steps - warmup));
  const share = decay === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return floor + (peak - floor) * share;
}
