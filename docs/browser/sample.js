import {ortFolder} from './lib/ort.js';
import {drawGrid} from './lib/pictures.js';
import {showFailures, startWorker} from './lib/shown.js';

const MOST_IMAGES = 64;

const $ = id => document.getElementById(id);
let model; // what the worker said of it
let opening; // the message that opened it
let began;

function say(text, hasFailed = false) {
  $('status').textContent = text;
  $('status').className = hasFailed ? 'failed' : '';
}

function setBusy(isBusy) {
  $('sample').disabled = isBusy;
  $('stop').disabled = !isBusy;
}

function open(source, name) {
  say(`Opening ${name} …`);
  $('options').disabled = true;
  opening = {type: 'open', ort: ortFolder(location), source, name};
  worker.postMessage(opening);
}

/** Offers the classes: names or numbers where they are known, else a field for any number. */
function offerClasses({classes, nullClass}) {
  const options = (classes ?? []).map((name, label) => new Option(name, label));
  if (nullClass !== null) {
    options.unshift(new Option('any', ''));
  }
  $('class').replaceChildren(...options);
  $('classes').hidden = classes?.length === 0 || classes === null;
  $('labels').hidden = classes !== null;
}

/** The chosen label; null for no class. */
function label() {
  if (!$('labels').hidden) {
    return $('label').valueAsNumber;
  }
  return $('classes').hidden || $('class').value === '' ? null : Number($('class').value);
}

function showProgress(done, steps) {
  $('progress').max = steps;
  $('progress').value = done;
}

const ON = {
  opened: message => {
    model = message;
    const {image: {channels, height, width}, isGuided, timesteps, steps, most, method} = model;
    offerClasses(model);
    $('guidances').hidden = !isGuided;
    $('images').max = most ?? MOST_IMAGES;
    $('images').value = Math.min($('images').value, $('images').max);
    $('steps').max = timesteps;
    $('steps').value = steps ?? Math.min($('steps').value, timesteps);
    $('steps').disabled = steps !== null;
    $('options').disabled = false;
    showProgress(0, 1);
    setBusy(false);
    say(`${channels}x${height}x${width}, ` + (steps === null
      ? `${timesteps} timesteps`
      : `a whole run: ${method} in ${steps} steps, with one call`));
  },
  progress: ({done, steps, x}) => {
    showProgress(done, steps);
    drawGrid($('grid'), x, model.image);
    say(`step ${done} of ${steps}`);
  },
  sampled: ({x}) => {
    $('progress').value = $('progress').max;
    drawGrid($('grid'), x, model.image);
    setBusy(false);
    say(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  },
  stopped: () => {
    setBusy(false);
    say('stopped');
  },
  failed: ({message}) => fail(message),
};

function fail(message) {
  setBusy(false);
  showProgress(0, 1);
  say(message, true);
}

const start = () => startWorker('sample-worker.js', ON, fail);

showFailures(window, fail);
let worker = start();

$('model').onchange = ({target}) => {
  const files = [...target.files];
  const graph = files.find(({name}) => name.endsWith('.onnx')) ?? files[0];
  if (graph) { // a choice may be cancelled
    $('shipped').value = '';
    open(files, graph.name);
  }
};

$('shipped').onchange = ({target}) => {
  $('model').value = '';
  openAddress(`models/${target.value}/model.onnx`);
};

$('sample').onclick = () => {
  const fields = ['images', 'steps', 'seed', 'guidance', 'label'].map($)
      .filter(field => !field.parentElement.hidden);
  if (!fields.every(field => field.reportValidity())) {
    return;
  }
  setBusy(true);
  if (model.steps !== null) { // nothing tells how far one call has come
    $('progress').removeAttribute('value');
    say(`${model.steps} steps …`);
  }
  began = performance.now();
  worker.postMessage({
    type: 'sample',
    images: $('images').valueAsNumber,
    steps: $('steps').valueAsNumber,
    seed: $('seed').value,
    label: label(),
    guidance: $('guidances').hidden ? 1 : $('guidance').valueAsNumber,
  });
};

$('stop').onclick = () => {
  if (model.steps === null) {
    worker.postMessage({type: 'stop'});
  } else { // one call cannot be stopped but with its thread
    worker.terminate();
    worker = start();
    worker.postMessage(opening);
  }
};

function openAddress(relative) {
  const address = new URL(relative, location.href);
  open(new URL('.', address).href, address.pathname.split('/').at(-1));
}

const asked = new URLSearchParams(location.search).get('model');
$('shipped').value = asked ? '' : 'emoji';
openAddress(asked ?? 'models/emoji/model.onnx');
