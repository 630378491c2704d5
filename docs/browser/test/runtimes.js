import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {withBrowser} from './chromium.js';

/** By name: imports a module of this folder and calls one of its functions in a runtime. */
const RUNTIMES = {
  node: async call => under((await import('onnxruntime-node')).default, call),
  web: async call => under(await import('onnxruntime-web'), call),
  chromium: ({module, name, folder}) => withBrowser(folder, async (newPage, address) => {
    const page = await newPage();
    await page.goto(address);
    return page.evaluate(async called => {
      const {ortFolder, loadOrt} = await import('/lib/ort.js');
      const {reader} = await import('/lib/files.js');
      const {[called.name]: run} = await import(`/test/${called.module}`);
      return run(await loadOrt(ortFolder(location)), reader(new URL('/files/', location).href));
    }, {module, name});
  }),
};

async function under(ort, {module, name, folder}) {
  const {[name]: run} = await import(`./${module}`);
  return run(ort, file => readFile(path.join(folder, file)));
}

/**
 * Calls a function of a module of this folder, which may be loaded in a browser too.
 *
 * @param runtime node, web (onnxruntime-web under Node) or chromium
 * @param call module, name of the function, and the folder whose files it reads; it is called with
 *     the runtime and a function that gives the bytes of a file by name, and returns what JSON holds
 */
export function inRuntime(runtime, call) {
  if (!(runtime in RUNTIMES)) {
    throw new Error(
        `runtime: expected one of ${Object.keys(RUNTIMES).join(', ')}, found ${runtime}`);
  }
  return RUNTIMES[runtime](call);
}
