/**
 * Shows whatever goes wrong on a page: in its worker, on the way from there, and in the page itself.
 *
 * @param show takes a sentence
 */
export function showFailures(page, show) {
  page.addEventListener('error', ({message}) => show(message));
  page.addEventListener('unhandledrejection', ({reason}) => show(reason?.message ?? String(reason)));
}

/**
 * Starts the worker of a page.
 *
 * @param handlers by the type of a message, what it does
 * @param show takes a sentence where something goes wrong
 */
export function startWorker(file, handlers, show) {
  const worker = new Worker(file, {type: 'module'});
  worker.onmessage = ({data}) => {
    try {
      handlers[data.type](data);
    } catch (error) {
      show(error.message);
    }
  };
  worker.onerror = event => {
    event.preventDefault();
    show(event.message ?? `${file}: expected a script that runs, found one that cannot be loaded`);
  };
  worker.addEventListener('messageerror', () => // no attribute of workers in every browser
    show(`${file}: expected a message that can be read, found none`));
  return worker;
}

/**
 * A function that has something done before the next picture of the screen, once however often it
 * is called until then.
 */
export function oncePerFrame(action, request = requestAnimationFrame) {
  let isDue = false;
  return () => {
    if (!isDue) {
      isDue = true;
      request(() => {
        isDue = false;
        action();
      });
    }
  };
}
