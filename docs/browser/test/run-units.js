/** Runs the tests of test/unit, which need neither runtime nor browser, and exits with 1 if one fails. */
import {readdir} from 'node:fs/promises';

for (const file of await readdir(new URL('unit/', import.meta.url))) {
  await import(`./unit/${file}`);
}
