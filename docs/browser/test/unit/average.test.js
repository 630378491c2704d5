import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SessionAverage} from '../../lib/average.js';

test('an average of a session follows at once, however slow that of the run', () => {
  const average = new SessionAverage(0.9999, Float32Array.of(100));
  let expected = 100;
  for (let n = 1; n <= 300; n++) {
    average.add(Float32Array.of(2));
    expected = expected * (1 + n) / (25 + n) + 2 * 24 / (25 + n);
  }
  assert.ok(Math.abs(average.values[0] - expected) < 1e-4);
  assert.ok(Math.abs(average.values[0] - 2) < 1e-4); // by the run's own decay it were 97
});

test('it is no slower than that of the run', () => {
  const average = new SessionAverage(0.5, Float32Array.of(0));
  for (let n = 1; n <= 40; n++) {
    average.add(Float32Array.of(n));
  }
  assert.ok(Math.abs(average.values[0] - 39) < 1e-5); // Σ n/2^(41-n)
});
