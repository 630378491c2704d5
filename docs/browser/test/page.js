import assert from 'node:assert/strict';

const PATIENCE = 120_000; // milliseconds, of a machine with other work

/** What the status line of a page says, one text after the other: none is missed, however short. */
export class Status {
  #page;
  #seen = 0;

  static async of(page, url) {
    await page.addInitScript(() => {
      window.said = [];
      addEventListener('DOMContentLoaded', () => {
        const status = document.getElementById('status');
        new MutationObserver(() => window.said.push([status.textContent, status.className]))
            .observe(status, {childList: true});
      });
    });
    await page.goto(url);
    return new Status(page);
  }

  constructor(page) {
    this.#page = page;
  }

  /** The next text that matches; a failure of the page, or none in time, ends the wait. */
  async next(pattern) {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      const texts = await this.#page.evaluate(from => window.said.slice(from), this.#seen);
      for (const [text, className] of texts) {
        this.#seen++;
        assert.equal(className, '', text);
        if (pattern.test(text)) {
          return text;
        }
      }
      await this.#page.waitForTimeout(20);
    }
    throw new Error(`expected a status like ${pattern}, found none in ${PATIENCE} ms`);
  }
}

/** The colours of a canvas, red alone, row by row. */
export const pixels = (page, id) => page.locator(id).evaluate(canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const red = Array.from({length: data.length / 4}, (_, i) => data[4 * i]);
  return {width: canvas.width, height: canvas.height, red};
});
