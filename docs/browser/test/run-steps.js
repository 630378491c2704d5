/**
 * Runs the training steps of a folder in a runtime and prints what `runSteps` found as JSON:
 *
 *     node test/run-steps.js node|web|chromium FOLDER
 */
import {inRuntime} from './runtimes.js';

const [runtime, folder] = process.argv.slice(2);
const found = await inRuntime(runtime, {module: 'steps.js', name: 'runSteps', folder});
console.log(JSON.stringify(found));
