/** Runs the tests of test/unit, which need neither runtime nor browser, and exits with 1 if one fails. */
import {readdir} from 'node:fs/promises';

const files = await readdir(new URL('unit/', import.meta.url));
for (const file of files.filter(name => name.endsWith('.test.js')).sort()) {
  await import(`./unit/${file}`);
}
