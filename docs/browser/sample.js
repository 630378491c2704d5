import {ortFolder} from './lib/ort.js';
import {drawGrid} from './lib/pictures.js';

const $ = id => document.getElementById(id);
const worker = new Worker('sample-worker.js', {type: 'module'});
let image; // of the open model
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
  worker.postMessage({type: 'open', ort: ortFolder(location), source, name});
}

const ON = {
  opened: ({image: shape, classes, nullClass, timesteps}) => {
    image = shape;
    const names = [...(nullClass === null ? [] : ['any']), ...classes];
    $('class').replaceChildren(...names.map(name => new Option(name, classes.indexOf(name))));
    $('classes').hidden = classes.length === 0;
    $('guidances').hidden = classes.length === 0 || nullClass === null;
    $('steps').max = timesteps;
    $('options').disabled = false;
    setBusy(false);
    say(`${shape.channels}x${shape.height}x${shape.width}, ${timesteps} timesteps`);
  },
  progress: ({done, steps, x}) => {
    $('progress').max = steps;
    $('progress').value = done;
    drawGrid($('grid'), x, image);
    say(`step ${done} of ${steps}`);
  },
  sampled: ({x}) => {
    drawGrid($('grid'), x, image);
    setBusy(false);
    say(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  },
  stopped: () => {
    setBusy(false);
    say('stopped');
  },
  failed: ({message}) => {
    setBusy(false);
    say(message, true);
  },
};

worker.onmessage = ({data}) => ON[data.type](data);
worker.onerror = ({message}) => say(message ?? 'the worker could not be loaded', true);

$('model').onchange = ({target}) => {
  $('shipped').value = '';
  open([...target.files], target.files[0].name);
};

$('shipped').onchange = ({target}) => {
  $('model').value = '';
  openAddress(`models/${target.value}/model.onnx`);
};

$('sample').onclick = () => {
  const fields = ['images', 'steps', 'seed'].map($);
  if (!fields.every(field => field.reportValidity())) {
    return;
  }
  const label = $('classes').hidden || Number($('class').value) < 0 ? null : Number($('class').value);
  setBusy(true);
  began = performance.now();
  worker.postMessage({
    type: 'sample',
    images: $('images').valueAsNumber,
    steps: $('steps').valueAsNumber,
    seed: $('seed').value,
    label,
    guidance: $('guidances').hidden ? 1 : $('guidance').valueAsNumber,
  });
};

$('stop').onclick = () => worker.postMessage({type: 'stop'});

function openAddress(relative) {
  const address = new URL(relative, location.href);
  open(new URL('.', address).href, address.pathname.split('/').at(-1));
}

const asked = new URLSearchParams(location.search).get('model');
$('shipped').value = asked ? '' : 'emoji';
openAddress(asked ?? 'models/emoji/model.onnx');
