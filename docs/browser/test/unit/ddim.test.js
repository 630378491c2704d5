import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ddim} from '../../lib/ddim.js';
import {timesteps} from '../../lib/schedule.js';

const run = (scheduler, steps) => ddim(
    async x => x.map(value => 0.3 * value), scheduler,
    {x: Float32Array.of(0.5, -1, 2, 0.1), images: 2, steps});

test('an offset that leads beyond the schedule is refused, as ddpm sample does', async () => {
  const scheduler = {num_train_timesteps: 90, steps_offset: 1};
  await assert.rejects(
      run(scheduler, 90),
      /^Error: timesteps: expected falling values from at most 89 to 0, found 90 .*fewer steps/);
  for (const steps of [1, 2, 45, 89]) {
    assert.ok((await run(scheduler, steps)).every(Number.isFinite), `${steps} steps`);
  }
});

test('timesteps fall, whatever the spacing', () => {
  for (const timestep_spacing of ['leading', 'trailing', 'linspace']) {
    for (const steps of [1, 7, 49, 50]) {
      const found = timesteps({timestep_spacing}, 50, steps);
      assert.equal(found.length, steps);
      assert.ok(found.every((t, i) => t >= 0 && t < (found[i - 1] ?? 50)), `${found}`);
    }
  }
});

test('what gives no image is refused with the reason', async () => {
  await assert.rejects(run({prediction_type: 'flow_prediction'}, 5), /prediction_type: .*flow/);
  await assert.rejects(run({prediction_type: 'toString'}, 5), /prediction_type: .*toString/);
  await assert.rejects(run({_class_name: 'ScoreSdeVeScheduler'}, 5), /betas, found ScoreSdeVe/);
  await assert.rejects(run({thresholding: true}, 5), /thresholding/);
  const zeroSnr = {rescale_betas_zero_snr: true, timestep_spacing: 'trailing'};
  await assert.rejects(run({...zeroSnr, clip_sample: false}, 5), /alphas_cumprod is 0, found epsilon/);
  assert.ok((await run(zeroSnr, 5)).every(Number.isFinite));
});
