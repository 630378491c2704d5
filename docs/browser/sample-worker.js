/**
 * Samples on a thread of its own, so that the page stays alive.
 *
 *     {type: 'open', ort, source, name}                          opens a model
 *     {type: 'sample', images, steps, seed, label, guidance}     makes images; label is null for none
 *     {type: 'stop'}                                             ends that after the current step
 *
 * Answers: {type: 'opened', image, classes, nullClass, timesteps}, {type: 'progress', done, steps, x}
 * with the images as they are, {type: 'sampled', x}, {type: 'stopped'}, {type: 'failed', message}.
 */
import {ddim} from './lib/ddim.js';
import {reader} from './lib/files.js';
import {modelMetadata} from './lib/model-metadata.js';
import {imageNoise} from './lib/noise.js';
import {loadOrt} from './lib/ort.js';
import {Predictor, guided} from './lib/predictor.js';
import {alphasCumprod} from './lib/schedule.js';

class Stopped extends Error {}

let model; // what is open
let isStopped = false;

async function open({ort: folder, source, name}) {
  const bytes = await reader(source)(name);
  const metadata = modelMetadata(bytes);
  const said = key => JSON.parse(metadata[`ddpm4j.${key}`] ?? 'null');
  const [image, scheduler] = [said('image'), said('scheduler')];
  const missing = Object.entries({image, scheduler}).filter(([, found]) => !found);
  if (missing.length > 0) {
    const keys = missing.map(([key]) => `ddpm4j.${key}`).join(' and ');
    throw new Error(`${name}: expected a model that says how it is sampled, found no ${keys} in ` +
        'its metadata');
  }
  const ort = await loadOrt(folder);
  const session = await ort.InferenceSession.create(bytes);
  const nullClass = said('null_class');
  model = {image, scheduler, nullClass, predictor: new Predictor(ort, session, image)};
  const classes = model.predictor.isConditional ? said('classes') ?? [] : [];
  const timesteps = alphasCumprod(scheduler).length;
  postMessage({type: 'opened', image, classes, nullClass, timesteps});
}

function predict(images, label, guidance) {
  const {predictor, nullClass} = model;
  const told = each => predictor.with({labels: Array(images).fill(each)});
  return label === null
    ? told(nullClass ?? 0)
    : guidance === 1 ? told(label) : guided(told(label), told(nullClass), guidance);
}

async function sample({images, steps, seed, label, guidance}) {
  isStopped = false;
  const size = model.predictor.imageSize;
  const x = new Float32Array(images * size);
  for (let k = 0; k < images; k++) {
    x.set(imageNoise(BigInt(seed), k, 0, size), k * size);
  }
  const onStep = async done => {
    postMessage({type: 'progress', done, steps, x});
    await new Promise(resolve => setTimeout(resolve)); // lets a message in
    if (isStopped) {
      throw new Stopped();
    }
  };
  await ddim(predict(images, label, guidance), model.scheduler, {x, images, steps, onStep});
  postMessage({type: 'sampled', x}, [x.buffer]);
}

const ACTIONS = {open, sample, stop: () => isStopped = true};

onmessage = async ({data}) => {
  try {
    await ACTIONS[data.type](data);
  } catch (error) {
    postMessage(error instanceof Stopped
      ? {type: 'stopped'}
      : {type: 'failed', message: error.message});
  }
};
