/**
 * Runs the training steps of a folder in a runtime and prints what {@link runSteps} found as JSON:
 *
 *     node test/run-steps.js node|web|chromium FOLDER
 */
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {withBrowser} from './chromium.js';
import {runSteps} from './steps.js';

const [runtime, folder] = process.argv.slice(2);
const read = name => readFile(path.join(folder, name));

const RUNTIMES = {
  node: async () => runSteps((await import('onnxruntime-node')).default, read),
  web: async () => runSteps(await import('onnxruntime-web'), read),
  chromium: () => withBrowser(folder, async (newPage, address) => {
    const page = await newPage();
    await page.goto(address);
    return page.evaluate(async () => {
      const {ortFolder, loadOrt} = await import('/lib/ort.js');
      const {reader} = await import('/lib/files.js');
      const {runSteps: run} = await import('/test/steps.js');
      return run(await loadOrt(ortFolder(location)), reader(new URL('/files/', location).href));
    });
  }),
};

console.log(JSON.stringify(await RUNTIMES[runtime]()));
