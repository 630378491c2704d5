import assert from 'node:assert/strict';
import {test} from 'node:test';
import {turns} from '../../lib/worker.js';

test('one thing after the other, whatever becomes of each', async () => {
  const turn = turns();
  const done = [];
  const slow = turn(async () => {
    await new Promise(resolve => setTimeout(resolve, 5));
    done.push('slow');
    throw new Error('fails');
  });
  const next = turn(() => done.push('next'));
  await assert.rejects(slow, /fails/);
  await next;
  assert.deepEqual(done, ['slow', 'next']);
});
