import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LossCurve} from '../../lib/curve.js';
import {drawCurve} from '../../lib/pictures.js';
import {oncePerFrame} from '../../lib/shown.js';

/** A canvas that counts what is drawn. */
function canvas() {
  const drawn = {bars: [], lines: []};
  const context = {
    clearRect() {},
    fillRect: (...bar) => drawn.bars.push(bar),
    beginPath() {},
    lineTo: (...point) => drawn.lines.push(point),
    stroke() {},
    fillText() {},
  };
  return {width: 576, height: 180, getContext: () => context, drawn};
}

test('a curve of few steps has a point for each, and their running mean', () => {
  const curve = new LossCurve();
  [4, 1, 3].forEach(loss => curve.add(loss));
  assert.deepEqual(curve.points.map(({low, high}) => [low, high]), [[4, 4], [1, 1], [3, 3]]);
  const mean = (4 * 0.95 ** 2 + 0.95 + 3) / (0.95 ** 2 + 0.95 + 1); // weights that fall by a twentieth
  assert.ok(Math.abs(curve.mean - mean) < 1e-12, curve.mean);
});

test('half a million losses leave a bounded curve with every extreme', () => {
  const curve = new LossCurve();
  for (let step = 0; step < 500_000; step++) {
    curve.add(step === 123_456 ? 9 : step === 400_000 ? 0.25 : 1 + (step % 10) / 10);
  }
  assert.equal(curve.steps, 500_000);
  assert.ok(curve.points.length <= LossCurve.LIMIT && curve.points.length >= LossCurve.LIMIT / 2);
  assert.equal(Math.max(...curve.points.map(({high}) => high)), 9);
  assert.equal(Math.min(...curve.points.map(({low}) => low)), 0.25);
  assert.ok(Math.abs(curve.mean - 1.45) < 0.1, curve.mean);
  const where = curve.points.findIndex(({high}) => high === 9);
  assert.ok(Math.abs(curve.place(where) - 123_456 / 500_000) < 2 / LossCurve.LIMIT);
  const onto = canvas();
  drawCurve(onto, curve);
  assert.equal(onto.drawn.bars.length, curve.points.length);
  assert.ok(onto.drawn.lines.flat().every(Number.isFinite));
});

test('what is due is done once a frame', () => {
  const frames = [];
  let done = 0;
  const show = oncePerFrame(() => done++, frame => frames.push(frame));
  show();
  show();
  assert.equal(frames.length, 1);
  frames.pop()();
  assert.equal(done, 1);
  show();
  assert.equal(frames.length, 1);
});
