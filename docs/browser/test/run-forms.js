/**
 * Samples on the page from every model of a folder, as a person would:
 *
 *     node test/run-forms.js FOLDER
 *
 * external.onnx is chosen together with its weights, then without. Prints as JSON the picture of
 * each model by its name, and leaves NAME.png in the folder.
 */
import assert from 'node:assert/strict';
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {withBrowser} from './chromium.js';
import {Status, pixels} from './page.js';

const [folder] = process.argv.slice(2);

/** By name: the picture of each, of 4 images of seed 7 and label 1 in 6 steps. */
async function samplesForms(page, address, names) {
  const pictures = {};
  for (const name of names) {
    const status = await Status.of(page, `${address}sample.html?model=files/${name}.onnx`);
    await status.next(/timesteps$|with one call$/);
    await page.fill('#images', '4');
    await page.fill('#seed', '7');
    if (await page.isEnabled('#steps')) {
      await page.fill('#steps', '6');
    }
    if (await page.isVisible('#class')) {
      const choices = await page.locator('#class option').allTextContents();
      await page.selectOption('#class', {index: choices[0] === 'any' ? 2 : 1}); // label 1
    }
    await page.click('#sample');
    await status.next(/^[0-9.]+ s$/);
    pictures[name] = await pixels(page, '#grid');
    await page.screenshot({path: path.join(folder, `${name}.png`)});
  }
  return pictures;
}

/** A model whose weights lie beside it is opened with them; alone it is refused with their name. */
async function opensChosenFiles(page, address, files) {
  const status = await Status.of(page, `${address}sample.html`);
  await status.next(/timesteps$/);
  const chosen = files.map(name => path.join(folder, name));
  await page.setInputFiles('#model', chosen);
  await status.next(/timesteps$/);
  await page.setInputFiles('#model', [path.join(folder, 'external.onnx')]);
  await page.waitForFunction(() => document.getElementById('status').className === 'failed');
  assert.match(await page.textContent('#status'),
      /^external.onnx.*data: expected it among the chosen files, found external.onnx$/);
}

const files = await readdir(folder);
const names = files.filter(name => name.endsWith('.onnx')).map(name => path.basename(name, '.onnx'));
console.log(JSON.stringify(await withBrowser(folder, async (newPage, address) => {
  await opensChosenFiles(
      await newPage(), address, files.filter(name => name.startsWith('external.onnx')));
  return samplesForms(await newPage(), address, names);
})));
