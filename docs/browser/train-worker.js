/**
 * Trains on a thread of its own, so that the page stays alive.
 *
 *     {type: 'open', ort, source, name}      opens a training step by its description
 *     {type: 'data', images, labels}         the images to train on, uint8 (C, H, W) each
 *     {type: 'run', isRunning}               goes on or waits
 *     {type: 'rate', rate}                   the learning rate
 *     {type: 'sampling', every, images, steps}   after how many steps samples are made of the
 *                                            session's average; 0: never
 *     {type: 'save'}                         gives the state as a file
 *     {type: 'load', bytes}                  goes on with a file's state
 *
 * Answers: {type: 'opened', description, stepsDone}, {type: 'step', step, loss, milliseconds},
 * {type: 'sampled', step, x}, {type: 'saved', bytes, step}, {type: 'loaded', stepsDone},
 * {type: 'failed', message}.
 */
import {SessionAverage} from './lib/average.js';
import {drawBatch, normal} from './lib/batch.js';
import {ddim} from './lib/ddim.js';
import {reader} from './lib/files.js';
import {loadOrt} from './lib/ort.js';
import {Predictor} from './lib/predictor.js';
import {readSafetensors} from './lib/safetensors.js';
import {TrainStep} from './lib/train-step.js';
import {answerMessages, turns} from './lib/worker.js';

const turn = turns(); // no session is released while it runs
let training; // the step; null while nothing is open
let predictor;
let average; // of the weights, for samples
let data = {images: [], labels: []};
let sampling = {every: 50, images: 9, steps: 20};
let rate = 0;
let isRunning = false;
let isBusy = false;

async function open({ort: folder, source, name}) {
  const read = reader(source);
  const description = JSON.parse(new TextDecoder().decode(await read(name)));
  if (description.format !== 'ddpm4j.train_step' || description.version !== 1) {
    throw new Error(`${name}: expected the description of a training step, version 1, found ` +
        `${description.format} ${description.version}`);
  }
  await release();
  const ort = await loadOrt(folder);
  const session = await ort.InferenceSession.create(await read(description.files.predictor));
  predictor = new Predictor(ort, session, description.image);
  training = await TrainStep.open(ort, description, read);
  startAverage();
  data = {images: [], labels: []}; // of another size, it may be
  postMessage({type: 'opened', description, stepsDone: training.stepsDone});
}

function startAverage() {
  const {decay} = training.description.state.find(({input}) => input === 'ema');
  average = new SessionAverage(decay, training.state('ema'));
}

async function release() {
  const open = [training, predictor].filter(Boolean);
  training = predictor = null;
  await Promise.all(open.map(each => each.release()));
}

const mayTrain = () => isRunning && training !== null && data.images.length > 0;

/** Trains while it may; one loop at a time. */
async function train() {
  if (isBusy) {
    return;
  }
  isBusy = true;
  try {
    while (mayTrain()) {
      await turn(step);
      await new Promise(resolve => setTimeout(resolve)); // lets messages in
    }
  } finally {
    isBusy = false;
  }
}

async function step() {
  if (!mayTrain()) { // any more: it may have waited for its turn
    return;
  }
  const begin = performance.now();
  const batch = drawBatch(training.description, data.images, data.labels);
  const {loss} = await training.step(batch, rate);
  const milliseconds = performance.now() - begin;
  if (!Number.isFinite(loss)) {
    throw new Error(`step ${training.stepsDone + 1}: expected a finite loss, found ${loss}`);
  }
  average.add(training.state('weights'));
  postMessage({type: 'step', step: training.stepsDone, loss, milliseconds});
  if (sampling.every > 0 && training.stepsDone % sampling.every === 0) {
    await sample();
  }
}

async function sample() {
  const {images, steps} = sampling;
  const x = normal(images * predictor.imageSize);
  const labels = Array.from({length: images}, (_, i) => data.labels[i % data.labels.length]);
  const predict = predictor.with({labels, weights: average.values});
  await ddim(predict, training.description.scheduler, {x, images, steps});
  postMessage({type: 'sampled', step: training.stepsDone, x}, [x.buffer]);
}

const ACTIONS = {
  open: message => turn(() => open(message)),
  data: async ({images, labels}) => {
    data = {images, labels};
    await train();
  },
  run: async message => {
    isRunning = message.isRunning;
    await train();
  },
  rate: message => rate = message.rate,
  sampling: message => sampling = message,
  save: () => turn(() => {
    const bytes = training.save();
    postMessage({type: 'saved', bytes, step: training.stepsDone}, [bytes.buffer]);
  }),
  load: ({bytes}) => turn(() => {
    const {tensors, metadata} = readSafetensors(bytes);
    training.load(tensors, metadata);
    startAverage();
    postMessage({type: 'loaded', stepsDone: training.stepsDone});
  }),
};

answerMessages(ACTIONS, error => {
  isRunning = false;
  postMessage({type: 'failed', message: error.message});
});
