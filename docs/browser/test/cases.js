import {ddim} from '../lib/ddim.js';
import {Predictor} from '../lib/predictor.js';

const ARRAYS = {
  float32: values => Float32Array.from(values),
  int64: values => BigInt64Array.from(values, BigInt),
};

/** A call of the model, with inputs and output as the case has them. */
const evaluate = (ort, session, {inputs, output}) => async () => {
  const feeds = Object.fromEntries(Object.entries(inputs).map(
      ([name, {type, shape, values}]) => [name, new ort.Tensor(type, ARRAYS[type](values), shape)]));
  return (await session.run(feeds))[output].data;
};

/** The loop of the pages around the model. */
const sample = (ort, session, {inputs, sampling: {scheduler, steps}}) => async () => {
  const {sample: noise, class_labels: labels} = inputs;
  const [images, channels, height, width] = noise.shape;
  const predictor = new Predictor(ort, session, {channels, height, width});
  const x = Float32Array.from(noise.values);
  return ddim(predictor.with({labels: labels?.values}), scheduler, {x, images, steps});
};

/**
 * Runs the cases of a folder: cases.json, a list of model (a file), inputs, output and, where a
 * network is sampled from, sampling.
 *
 * @param ort the runtime
 * @param read gives the bytes of a file by name
 * @returns {Promise<{version: string, results: {values: number[], milliseconds: number}[]}>} of
 *     the second time that each case is run
 */
export async function runCases(ort, read) {
  const cases = JSON.parse(new TextDecoder().decode(await read('cases.json')));
  const results = [];
  for (const each of cases) {
    const session = await ort.InferenceSession.create(await read(each.model));
    const run = (each.sampling ? sample : evaluate)(ort, session, each);
    await run();
    const begin = performance.now();
    const values = await run();
    results.push({values: Array.from(values), milliseconds: performance.now() - begin});
    await session.release();
  }
  const {versions} = ort.env;
  return {version: versions.node ?? versions.web ?? versions.common, results};
}
