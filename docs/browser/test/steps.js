import {TrainStep} from '../lib/train-step.js';

const ARRAYS = {uint8: Uint8Array, int64: BigInt64Array, float32: Float32Array};

/**
 * Runs the steps of a folder: train.json with its files, rates.json with the learning rate of each
 * step, and for each input that is no state NAME.bin, the numbers of all steps, one after the other.
 *
 * @param ort the runtime
 * @param read gives the bytes of a file by name
 * @returns {Promise<{losses: number[], gradientNorms: number[], sampleLosses: number[][]}>}
 */
export async function runSteps(ort, read) {
  const json = async name => JSON.parse(new TextDecoder().decode(await read(name)));
  const [description, rates] = [await json('train.json'), await json('rates.json')];
  const given = {};
  for (const {name, type, role} of description.inputs) {
    if (!['learning_rate', 'step', 'state'].includes(role)) {
      const {buffer, byteOffset, byteLength} = await read(`${name}.bin`);
      given[name] = new ARRAYS[type](buffer.slice(byteOffset, byteOffset + byteLength));
    }
  }
  const training = await TrainStep.open(ort, description, read);
  const found = {losses: [], gradientNorms: [], sampleLosses: []};
  for (let i = 0; i < rates.length; i++) {
    const batch = {};
    for (const [name, all] of Object.entries(given)) {
      const size = all.length / rates.length;
      batch[name] = all.subarray(i * size, (i + 1) * size);
    }
    const {loss, gradientNorm, sampleLoss} = await training.step(batch, rates[i]);
    found.losses.push(loss);
    found.gradientNorms.push(gradientNorm);
    found.sampleLosses.push([...sampleLoss]);
  }
  return found;
}
