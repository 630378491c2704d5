import {LossCurve} from './lib/curve.js';
import {ortFolder} from './lib/ort.js';
import {drawCurve, drawGrid, toPixels} from './lib/pictures.js';
import {oncePerFrame, showFailures, startWorker} from './lib/shown.js';

const $ = id => document.getElementById(id);
const pad = $('pad').getContext('2d');
let curve = new LossCurve();
let latest; // what the worker said of its last step
let drawn = []; // {pixels, label}
let description; // of the open training step
let isRunning = true;

function say(text, hasFailed = false) {
  $('status').textContent = text;
  $('status').className = hasFailed ? 'failed' : '';
}

function open(source, name) {
  say(`Opening ${name} …`);
  worker.postMessage({type: 'open', ort: ortFolder(location), source, name});
}

function setRunning(running) {
  isRunning = running;
  $('run').textContent = running ? 'Wait' : 'Go on';
  worker.postMessage({type: 'run', isRunning});
}

const ON = {
  opened: message => {
    description = message.description;
    curve = new LossCurve();
    latest = null;
    showSteps();
    drawn = []; // of another size, it may be
    tellImages();
    const {classes} = description; // with their numbers: what is drawn may be digits
    $('class').replaceChildren(...classes.map((name, i) => new Option(`${i}: ${name}`, i)));
    $('classes').hidden = classes.length === 0;
    $('rate').value = description.learning_rate.peak; // at the run's end its schedule has ended
    for (const id of ['add', 'run', 'rate', 'save', 'load']) {
      $(id).disabled = false;
    }
    say(`${description.batch_size} images a step, ${message.stepsDone} steps done: draw something`);
    setSampling();
    setRate();
    setRunning(true);
  },
  step: message => {
    curve.add(message.loss);
    latest = message;
    showSteps();
  },
  sampled: ({step, x}) => {
    drawGrid($('grid'), x, description.image);
    $('sampled').textContent = `samples of step ${step}`;
  },
  saved: ({bytes, step}) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = `state-${step}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
  },
  loaded: ({stepsDone}) => say(`${stepsDone} steps done`),
  failed: ({message}) => fail(message),
};

const showSteps = oncePerFrame(() => {
  drawCurve($('curve'), curve);
  if (latest) {
    const {step, milliseconds} = latest;
    say(`step ${step}: loss ${curve.mean.toFixed(4)}, ${milliseconds.toFixed(0)} ms a step`);
    latest = null;
  }
});

function fail(message) {
  isRunning = false;
  latest = null;
  $('run').textContent = 'Go on';
  say(message, true);
}

showFailures(window, fail);
const worker = startWorker('train-worker.js', ON, fail);

// --- drawing -----------------------------------------------------------------------------------

function clear() {
  pad.fillStyle = '#000';
  pad.fillRect(0, 0, pad.canvas.width, pad.canvas.height);
}

function place({offsetX, offsetY}) {
  const {clientWidth, clientHeight, width, height} = pad.canvas;
  return [offsetX / clientWidth * width, offsetY / clientHeight * height];
}

pad.canvas.onpointerdown = event => {
  pad.canvas.setPointerCapture(event.pointerId);
  Object.assign(pad, {strokeStyle: '#fff', lineWidth: 22, lineCap: 'round', lineJoin: 'round'});
  pad.beginPath();
  pad.moveTo(...place(event));
  pad.lineTo(...place(event)); // a dot
  pad.stroke();
};

pad.canvas.onpointermove = event => {
  if (pad.canvas.hasPointerCapture(event.pointerId)) {
    pad.lineTo(...place(event));
    pad.stroke();
  }
};

function add() {
  if (!description) {
    return;
  }
  const pixels = toPixels(pad.canvas, description.image);
  if (pixels.some(value => value > 0)) {
    drawn.push({pixels, label: Number($('class').value)});
    clear();
    tellImages();
  }
}

function tellImages() {
  $('drawn').replaceChildren(...drawn.map(each => {
    const [figure, canvas, caption] =
        ['figure', 'canvas', 'figcaption'].map(name => document.createElement(name));
    drawGrid(canvas, each.pixels, {...description.image, value_range: [0, 255]});
    caption.textContent = $('classes').hidden ? '' : each.label;
    figure.append(canvas, caption);
    figure.onclick = () => {
      drawn = drawn.filter(other => other !== each);
      tellImages();
    };
    return figure;
  }));
  worker.postMessage({
    type: 'data',
    images: drawn.map(({pixels}) => pixels),
    labels: drawn.map(({label}) => label),
  });
}

clear();
$('add').onclick = add;
$('clear').onclick = clear;
onkeydown = ({key, target}) => {
  if (!['INPUT', 'SELECT', 'BUTTON'].includes(target.tagName)) {
    ({Enter: add, Escape: clear})[key]?.();
  }
};

// --- training ----------------------------------------------------------------------------------

function setRate() {
  worker.postMessage({type: 'rate', rate: $('rate').valueAsNumber || 0});
}

function setSampling() {
  worker.postMessage({type: 'sampling', every: $('every').valueAsNumber || 0, images: 9, steps: 20});
}

$('step').onchange = ({target}) => {
  const files = [...target.files];
  const json = files.find(({name}) => name.endsWith('.json'));
  if (json) {
    open(files, json.name);
  } else {
    say('expected four files, one of them .json, found none such', true);
  }
};
$('run').onclick = () => setRunning(!isRunning);
$('rate').onchange = setRate;
$('every').onchange = setSampling;
$('save').onclick = () => worker.postMessage({type: 'save'});
$('load').onchange = async ({target}) =>
  worker.postMessage({type: 'load', bytes: new Uint8Array(await target.files[0].arrayBuffer())});

const asked = new URLSearchParams(location.search).get('step') ?? 'files/train.json';
const address = new URL(asked, location.href);
open(new URL('.', address).href, address.pathname.split('/').at(-1));
