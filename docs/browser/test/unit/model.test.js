import assert from 'node:assert/strict';
import {test} from 'node:test';
import {fromFloat16, toFloat16} from '../../lib/float16.js';
import {openModel} from '../../lib/model.js';
import {externalFiles} from '../../lib/model-metadata.js';
import {imageNoise} from '../../lib/noise.js';
import {TrainStep} from '../../lib/train-step.js';
import {writeSafetensors} from '../../lib/safetensors.js';
import {FakeOrt, field, modelBytes} from './fake-ort.js';

const ABOUT = {
  image: {channels: 1, height: 2, width: 2},
  scheduler: {num_train_timesteps: 20, steps_offset: 1},
};
const IMAGES = ['batch', 1, 2, 2];

/** A network that predicts a third of x, and a tenth of the label more. */
function network({type = 'float32', batch = 'batch', time = ['int64', [batch]], conditional = false}) {
  const shape = [batch, 1, 2, 2];
  const inputs = [
    {name: 'sample', type, shape}, {name: 'timestep', type: time[0], shape: time[1]},
    ...conditional ? [{name: 'class_labels', type: 'int64', shape: [batch]}] : [],
  ];
  const isHalf = type === 'float16';
  return new FakeOrt(inputs, [{name: 'out_sample', type, shape}], ({sample, class_labels: labels}) => {
    const x = isHalf ? fromFloat16(sample.data) : sample.data;
    const out = x.map((v, i) => v / 3 + Number(labels?.data[Math.floor(i / 4)] ?? 0) / 10);
    return {out_sample: {type, data: isHalf ? toFloat16(out) : out, dims: sample.dims}};
  });
}

const open = (ort, about = ABOUT) => openModel(ort, 'model.onnx', async () => modelBytes(about));

const REQUEST = {images: 5, steps: 4, seed: -3n, label: null, guidance: 2, onStep() {}};

async function near(found, expected, tolerance) {
  assert.equal(found.length, expected.length);
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= tolerance, `${i}: ${value}`));
}

test('every form of a network gives the same images', async () => {
  const plain = await (await open(network({}))).sample(REQUEST);
  assert.ok(plain.every(Number.isFinite));
  for (const [form, tolerance] of [
    [{batch: 1}, 0],
    [{batch: 2}, 0],
    [{batch: 8}, 0],
    [{time: ['float32', ['batch']]}, 0],
    [{time: ['int32', ['batch', 1]]}, 0],
    [{batch: 1, time: ['float64', []]}, 0],
    [{time: ['int64', []]}, 0], // a timestep alone: one image at a time
    [{type: 'float16'}, 4e-3],
    [{type: 'float16', batch: 3}, 4e-3],
  ]) {
    const ort = network(form);
    await near(await (await open(ort)).sample(REQUEST), plain, tolerance);
    for (const {sample, timestep} of ort.runs) {
      if (typeof form.batch === 'number') {
        assert.deepEqual(sample.dims, [form.batch, 1, 2, 2]);
      }
      assert.equal(sample.type, form.type ?? 'float32');
      assert.equal(timestep.type, form.time?.[0] ?? 'int64');
      assert.equal(timestep.dims.length, form.time?.[1].length ?? 1);
      assert.equal(timestep.data.length, timestep.dims.reduce((a, b) => a * b, 1));
    }
  }
});

test('classes have names, else numbers, else any may be asked for', async () => {
  const classes = async about =>
    (await open(network({conditional: true}), {...ABOUT, ...about})).classes;
  assert.deepEqual(await classes({classes: ['a', 'a', 'any']}), ['a', 'a', 'any']);
  assert.deepEqual(await classes({unet: {num_class_embeds: 3}}), ['0', '1', '2']);
  assert.deepEqual(await classes({unet: {num_class_embeds: 3}, null_class: 2}), ['0', '1']);
  assert.equal(await classes({unet: {num_class_embeds: null}}), null);
  assert.deepEqual((await open(network({}), {...ABOUT, classes: ['a']})).classes, []);
  const ort = network({conditional: true});
  const model = await open(ort, {...ABOUT, unet: {num_class_embeds: 5}});
  await model.sample({...REQUEST, label: 4});
  assert.ok(ort.runs.every(({class_labels: {data}}) => data.every(label => label === 4n)));
});

test('what cannot be run is refused when it is opened, and its session released', async () => {
  const foreign = [{name: 'z', type: 'float32', shape: [1, 64]}];
  for (const [ort, about, said] of [
    [new FakeOrt(foreign, foreign, null), ABOUT, /model.onnx: expected .*images, found .*z float32/],
    [network({type: 'string'}), ABOUT, /model.onnx: expected sample of floats .*string/],
    [network({}), {...ABOUT, image: {channels: 3, height: 2, width: 2}}, /expected images of 3,2,2/],
    [network({}), {image: ABOUT.image}, /ddpm4j.scheduler/],
    [network({}), {...ABOUT, scheduler: {thresholding: true}}, /thresholding: .*--sampler/],
  ]) {
    await assert.rejects(open(ort, about), said);
    assert.equal(ort.open, 0);
  }
});

test('a loop is called with what it asks for', async () => {
  const inputs = {
    noise: {type: 'float32', shape: IMAGES},
    step_noise: {type: 'float32', shape: [3, ...IMAGES]},
    class_labels: {type: 'int64', shape: ['batch']},
    guidance: {type: 'float32', shape: []},
    seed: {type: 'int64', shape: []},
    count: {type: 'int64', shape: []},
  };
  const loop = (names, output, batch = 'batch') => new FakeOrt(
      names.map(name => ({
        ...inputs[name], name, shape: inputs[name].shape.map(d => d === 'batch' ? batch : d),
      })),
      [{name: 'images', type: output.type, shape: [batch, 2, 2, 1]}], () => ({images: output}));
  const about = {...ABOUT, loop: {sampler: 'ddpm', steps: 3}, null_class: 7, classes: ['a', 'b']};
  const bytes = {type: 'uint8', data: Uint8Array.of(0, 255, 51, 204, 0, 0, 0, 255)};

  const ort = loop(['noise', 'step_noise', 'class_labels', 'guidance'], bytes);
  const model = await open(ort, about);
  assert.deepEqual([model.steps, model.method, model.isGuided], [3, 'ddpm', true]);
  const x = await model.sample({images: 2, seed: 9n, label: 1, guidance: 2.5});
  await near([...x], [-1, 1, -0.6, 0.6, -1, -1, -1, 1], 1e-6);
  const [{noise, step_noise: steps, class_labels: labels, guidance}] = ort.runs;
  assert.deepEqual([...noise.data], [...imageNoise(9n, 0, 0, 4), ...imageNoise(9n, 1, 0, 4)]);
  assert.deepEqual(steps.dims, [3, 2, 1, 2, 2]);
  assert.deepEqual([...steps.data.slice(20)], [...imageNoise(9n, 1, 3, 4)]); // of the last step
  assert.deepEqual([...labels.data], [1n, 1n]);
  assert.deepEqual([[...guidance.data], guidance.dims], [[2.5], []]);
  await model.sample({images: 2, seed: 9n, label: null, guidance: 2.5}); // no class: unguided
  assert.deepEqual([...ort.runs[1].class_labels.data, ...ort.runs[1].guidance.data], [7n, 7n, 1]);

  const fixed = loop(['noise'], bytes, 2);
  assert.equal((await (await open(fixed, about)).sample({images: 3, seed: 9n})).length, 12);
  assert.deepEqual([...fixed.runs[1].noise.data.slice(0, 4)], [...imageNoise(9n, 2, 0, 4)]);

  const seeded = loop(['seed', 'count'], {type: 'float32', data: Float32Array.of(0, 1, -1, 0.5)});
  const own = await (await open(seeded, about)).sample({images: 1, seed: 2n ** 64n - 3n});
  assert.deepEqual([...own], [0, 1, -1, 0.5]);
  assert.deepEqual([...seeded.runs[0].seed.data, ...seeded.runs[0].count.data], [-3n, 1n]);
  assert.equal((await open(loop(['seed', 'class_labels'], bytes, 2), about)).most, 2);
});

test('weights beside a model are read, wherever in the graph they are told of', async () => {
  const tensor = file => field(13, [...field(1, 'location'), ...field(2, file)]);
  const inner = field(5, tensor('inner.data')); // initializer of the body of a loop
  const graph = [
    ...field(5, tensor('outer.data')),
    ...field(5, tensor('outer.data')),
    ...field(1, field(5, field(6, inner))), // node, attribute, graph
    ...field(1, field(5, field(5, tensor('constant.data')))),
  ];
  const bytes = modelBytes(ABOUT, graph);
  assert.deepEqual(externalFiles(bytes), ['outer.data', 'inner.data', 'constant.data']);
  const read = [];
  await openModel(network({}), 'm.onnx', async name => read.push(name) && bytes);
  assert.deepEqual(read, ['m.onnx', 'outer.data', 'inner.data', 'constant.data']);
});

test('models and training steps release their sessions', async () => {
  const ort = network({});
  await (await open(ort)).release();
  const description = {
    files: {train_step: 'step', state: 'state'},
    inputs: [{name: 'weights', shape: [2], role: 'state'}],
  };
  const state = writeSafetensors({weights: Float32Array.of(1, 2)}, {step: '3'});
  const step = await TrainStep.open(ort, description, async () => state);
  assert.equal(ort.open, 1);
  await step.release();
  assert.equal(ort.open, 0);
  await assert.rejects(
      TrainStep.open(ort, description, async () => writeSafetensors({}, {step: '3'})), /weights/);
  assert.equal(ort.open, 0);
});

test('float16 is rounded to the nearest, half to even', async () => {
  // numpy.float16 of these numbers, as bits
  const known = [
    [0, 0], [-0, 0x8000], [1, 0x3C00], [-2, 0xC000], [0.1, 0x2E66], [1 / 3, 0x3555],
    [65504, 0x7BFF], [65519, 0x7BFF], [65520, 0x7C00], [-Infinity, 0xFC00], [2 ** -24, 1],
    [2 ** -25, 0], [3 * 2 ** -25, 2], [2 ** -14, 0x400], [0.99999, 0x3C00],
  ];
  for (const [value, bits] of known) {
    assert.equal(toFloat16([value])[0], bits, String(value));
  }
  assert.ok(Number.isNaN(fromFloat16(toFloat16([NaN]))[0]));
  const all = fromFloat16(Uint16Array.from({length: 0x7C00}, (_, i) => i));
  assert.deepEqual([...toFloat16(all)], Array.from({length: 0x7C00}, (_, i) => i));
  const between = all.slice(1).map((value, i) => (value + all[i]) / 2); // exact in float32
  assert.ok(toFloat16(between).every((bits, i) => bits === (i % 2 === 0 ? i : i + 1)));
});
