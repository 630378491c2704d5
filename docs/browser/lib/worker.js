/** A function that runs what it is given one after the other, whatever becomes of each. */
export function turns() {
  let last = Promise.resolve();
  return action => {
    const run = last.then(action);
    last = run.catch(() => {});
    return run;
  };
}

/**
 * Does what the messages to this worker say.
 *
 * @param actions by the type of a message, what it does
 * @param failed is told the error of one, or of anything else in this worker
 */
export function answerMessages(actions, failed) {
  self.addEventListener('unhandledrejection', event => {
    event.preventDefault();
    failed(event.reason);
  });
  self.addEventListener('messageerror', () =>
    failed(new Error('expected a message that can be read, found none')));
  self.onmessage = async ({data}) => {
    try {
      await actions[data.type](data);
    } catch (error) {
      failed(error);
    }
  };
}
