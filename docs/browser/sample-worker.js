/**
 * Samples on a thread of its own, so that the page stays alive.
 *
 *     {type: 'open', ort, source, name}                          opens a model, in place of the last
 *     {type: 'sample', images, steps, seed, label, guidance}     makes images; label is null for none
 *     {type: 'stop'}                                             ends that after the current step
 *
 * Answers: {type: 'opened', image, classes, nullClass, isGuided, timesteps, steps, most, method} as
 * openModel gives them, {type: 'progress', done, steps, x} with the images as they are,
 * {type: 'sampled', x}, {type: 'stopped'}, {type: 'failed', message}.
 */
import {reader} from './lib/files.js';
import {openModel} from './lib/model.js';
import {loadOrt} from './lib/ort.js';
import {answerMessages, turns} from './lib/worker.js';

class Stopped extends Error {}

const turn = turns(); // no session is released while it runs
let model; // what is open
let isStopped = false;

async function open({ort: folder, source, name}) {
  await model?.release();
  model = null;
  model = await openModel(await loadOrt(folder), name, reader(source));
  const {image, classes, nullClass, isGuided, timesteps, steps, most, method} = model;
  postMessage({
    type: 'opened', image, classes, nullClass, isGuided, timesteps, steps, most, method,
  });
}

async function sample({images, steps, seed, label, guidance}) {
  isStopped = false;
  const onStep = async (done, of, x) => {
    postMessage({type: 'progress', done, steps: of, x});
    await new Promise(resolve => setTimeout(resolve)); // lets a message in
    if (isStopped) {
      throw new Stopped();
    }
  };
  const x = await model.sample({images, steps, seed: BigInt(seed), label, guidance, onStep});
  postMessage({type: 'sampled', x}, [x.buffer]);
}

function stop() {
  isStopped = true;
}

const ACTIONS = {
  open: message => {
    stop();
    return turn(() => open(message));
  },
  sample: message => turn(() => sample(message)),
  stop,
};

answerMessages(ACTIONS, error => postMessage(error instanceof Stopped
  ? {type: 'stopped'}
  : {type: 'failed', message: error.message}));
