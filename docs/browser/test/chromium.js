import {accessSync, constants} from 'node:fs';
import path from 'node:path';
import {chromium} from 'playwright-core';
import {serve} from '../serve.js';

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The browser that is installed: of the variable CHROMIUM, or a known name in PATH. */
export function executable() {
  const candidates = (process.env.PATH ?? '').split(path.delimiter)
      .flatMap(folder => NAMES.map(name => path.join(folder, name)));
  const found = [process.env.CHROMIUM, ...candidates].filter(Boolean).find(file => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    throw new Error(`expected one of ${NAMES.join(', ')} in PATH, or CHROMIUM to name one, found none`);
  }
  return found;
}

/**
 * Serves a folder to a headless browser.
 *
 * @param action gets a function that makes an empty page, and the address
 */
export async function withBrowser(folder, action) {
  const server = await serve(folder, 0);
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // which root does not have
  const browser = await chromium.launch({executablePath: executable(), args});
  try {
    const newPage = async () => {
      const page = await browser.newPage();
      page.on('pageerror', error => console.error(error));
      return page;
    };
    return await action(newPage, `http://127.0.0.1:${server.address().port}/`);
  } finally {
    await browser.close();
    server.close();
  }
}
