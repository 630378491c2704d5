/**
 * Runs the cases of a folder in a runtime and prints what `runCases` found as JSON:
 *
 *     node test/run-cases.js node|web|chromium FOLDER
 */
import {inRuntime} from './runtimes.js';

const [runtime, folder] = process.argv.slice(2);
const found = await inRuntime(runtime, {module: 'cases.js', name: 'runCases', folder});
console.log(JSON.stringify(found));
