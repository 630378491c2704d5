/**
 * Uses the pages as a person would, with model.onnx and train.json of a folder:
 *
 *     node test/run-pages.js FOLDER
 *
 * Prints as JSON the pictures that were sampled, of that model and of one that is shipped, and the
 * losses while training, and leaves state.safetensors, sample.png, shipped.png and train.png in the
 * folder.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import {withBrowser} from './chromium.js';
import {Status, pixels} from './page.js';

const [folder] = process.argv.slice(2);

async function samples(page, address) {
  const status = await Status.of(page, `${address}sample.html?model=files/model.onnx`);
  await status.next(/timesteps$/);
  await page.fill('#images', '4');
  await page.fill('#steps', '10');
  await page.fill('#seed', '-5000000000');
  await page.selectOption('#class', {index: 2});
  await page.fill('#guidance', '2.5');
  await page.click('#sample');
  for (let step = 1; step <= 10; step++) {
    await status.next(new RegExp(`^step ${step} of 10$`));
  }
  await status.next(/^[0-9.]+ s$/);
  assert.equal(await page.locator('#progress').evaluate(bar => bar.value), 10);
  await page.screenshot({path: path.join(folder, 'sample.png')});
  const picture = await pixels(page, '#grid');
  await page.fill('#images', '64');
  await page.fill('#steps', await page.getAttribute('#steps', 'max'));
  await page.click('#sample');
  await status.next(/^step 1 of/);
  await page.click('#stop');
  await status.next(/^stopped$/);
  return picture;
}

async function samplesShippedModel(page, address) {
  const status = await Status.of(page, `${address}sample.html`);
  await status.next(/timesteps$/);
  const names = await page.locator('#shipped option:enabled').allTextContents();
  assert.equal(await page.inputValue('#shipped'), 'emoji');
  await page.selectOption('#shipped', 'fashion-mnist');
  await status.next(/^1x28x28, 1000 timesteps$/);
  await page.fill('#images', '4');
  await page.fill('#steps', '6');
  await page.fill('#seed', '7');
  await page.selectOption('#class', 'sneaker');
  await page.click('#sample');
  await status.next(/^[0-9.]+ s$/);
  await page.screenshot({path: path.join(folder, 'shipped.png')});
  return {names, picture: await pixels(page, '#grid')};
}

/** A session of many steps, and what becomes of failures: messages are given in a worker's place. */
async function survives(page, address) {
  await page.addInitScript(() => {
    window.Worker = class extends Worker {
      constructor(...all) {
        super(...all);
        window.worker = this;
      }
    };
  });
  await page.goto(`${address}train.html`);
  await page.waitForFunction(() => /draw something$/.test(document.getElementById('status').textContent));
  const shown = await page.evaluate(async () => {
    const status = document.getElementById('status');
    const frame = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    for (let step = 1; step <= 250_000; step++) {
      window.worker.onmessage({data: {type: 'step', step, loss: 0.5, milliseconds: 3}});
    }
    await frame();
    const steps = status.textContent;
    const failures = [];
    const fail = async event => {
      status.className = status.textContent = '';
      event();
      await frame();
      failures.push([status.textContent, status.className]);
    };
    await fail(() => window.worker.dispatchEvent(new ErrorEvent('error', {message: 'the worker fell'})));
    await fail(() => window.worker.dispatchEvent(new MessageEvent('messageerror')));
    window.worker.postMessage({type: 'load', bytes: new Uint8Array(3)});
    return {steps, failures};
  });
  assert.equal(shown.steps, 'step 250000: loss 0.5000, 3 ms a step');
  const [fallen, unread] = shown.failures;
  assert.deepEqual(fallen, ['the worker fell', 'failed']);
  assert.match(unread[0], /expected a message that can be read/);
  await page.waitForFunction(
      () => /safetensors file/.test(document.getElementById('status').textContent));
}

async function draw(page, points) {
  const pad = await page.locator('#pad').boundingBox();
  const [first, ...others] = points.map(([x, y]) => [pad.x + x * pad.width, pad.y + y * pad.height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of others) {
    await page.mouse.move(...point, {steps: 5});
  }
  await page.mouse.up();
}

async function trains(page, address) {
  const status = await Status.of(page, `${address}train.html`);
  await status.next(/draw something$/);
  await page.fill('#every', '10');
  await page.locator('#every').blur();
  await draw(page, [[0.5, 0.15], [0.5, 0.85]]); // a one
  await page.click('#add');
  await draw(page, [[0.25, 0.2], [0.75, 0.2], [0.4, 0.85]]); // a seven
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#drawn canvas').count(), 2);
  const losses = [];
  while (losses.length < 60) {
    const [, step, loss] = (await status.next(/^step \d+: loss/)).match(/^step (\d+): loss ([0-9.]+)/);
    losses.push({step: Number(step), loss: Number(loss)});
  }
  assert.match(await page.locator('#sampled').textContent(), /samples of step \d+0$/);
  await page.click('#run');
  await page.waitForTimeout(300); // the step that runs ends
  const {red} = await pixels(page, '#grid');
  assert.ok(new Set(red).size > 10, 'the samples are no pictures');
  const curve = await pixels(page, '#curve');
  assert.ok(curve.red.some(value => value > 0), 'the curve is empty');
  await page.screenshot({path: path.join(folder, 'train.png')});
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  await download.saveAs(path.join(folder, 'state.safetensors'));
  await page.setInputFiles('#load', path.join(folder, 'state.safetensors'));
  await status.next(new RegExp(`^${download.suggestedFilename().match(/\d+/)[0]} steps done`));
  await page.locator('#drawn canvas').first().click();
  assert.equal(await page.locator('#drawn canvas').count(), 1);
  return losses;
}

console.log(JSON.stringify(await withBrowser(folder, async (newPage, address) => ({
  picture: await samples(await newPage(), address),
  shipped: await samplesShippedModel(await newPage(), address),
  survived: await survives(await newPage(), address),
  losses: await trains(await newPage(), address),
}))));
