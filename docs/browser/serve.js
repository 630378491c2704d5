/**
 * Serves the pages of this folder, the models of the project under /models/, and a folder of others
 * under /files/, to the browsers of this machine:
 *
 *     node serve.js [FOLDER [PORT]]
 *
 * Both headers are what a browser asks for before ONNX Runtime may use more than one thread.
 */
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {createServer} from 'node:http';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const PAGES = path.dirname(fileURLToPath(import.meta.url));
const MODELS = path.resolve(PAGES, '../../models');
const FILES = '/files/';
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The file that a path of a URL means; null where that lies outside of the folders. */
function locate(urlPath, folder) {
  const folders = {[FILES]: folder, '/models/': MODELS, '/': PAGES};
  const prefix = Object.keys(folders).find(each => urlPath.startsWith(each));
  const root = path.resolve(folders[prefix]);
  const inside = urlPath.slice(prefix.length) || 'index.html';
  const file = path.resolve(root, inside);
  return file.startsWith(root + path.sep) && !inside.includes('\0') ? file : null;
}

async function answer(request, response, folder) {
  let file;
  try {
    file = locate(decodeURIComponent(new URL(request.url, 'http://localhost').pathname), folder);
  } catch {
    file = null; // no path at all
  }
  const found = file && await stat(file).catch(() => null);
  if (!found?.isFile() || !['GET', 'HEAD'].includes(request.method)) {
    response.writeHead(404, ISOLATION).end();
    return;
  }
  response.writeHead(200, {
    ...ISOLATION,
    'Cache-Control': 'no-cache',
    'Content-Length': found.size,
    'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
  });
  if (request.method === 'HEAD') {
    response.end();
  } else {
    createReadStream(file).on('error', () => response.destroy()).pipe(response);
  }
}

/**
 * Starts serving.
 *
 * @param folder what lies under /files/
 * @param port 0 for any that is free
 * @returns the server, once it listens
 */
export function serve(folder, port) {
  const server = createServer((request, response) => answer(request, response, folder));
  return new Promise((resolve, reject) =>
    server.on('error', reject).listen(port, '127.0.0.1', () => resolve(server)));
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [folder = '.', port = '8080'] = process.argv.slice(2);
  try {
    const server = await serve(folder, Number(port));
    console.log(`http://127.0.0.1:${server.address().port}/  (${path.resolve(folder)} under ${FILES})`);
  } catch (error) {
    console.error(`port ${port}: expected a free one, found ${error.message}`);
    process.exitCode = 1;
  }
}
