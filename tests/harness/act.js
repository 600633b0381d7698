// Work that a page does in a real click.

import { press } from './fixtures.js';

/**
 * Runs a function of the page in a real click on its button `#act`, and returns what it returns.
 *
 * @param {import('@playwright/test').Page} page
 * @param {(argument: any) => any} work serialised: it sees nothing but the page and its argument
 * @param {any} [argument]
 */
export async function act(page, work, argument) {
  await page.evaluate(
    ([text, value]) => {
      window.act = () => {
        window.acted = new Function('value', `return (${text})(value)`)(value);
      };
    },
    [String(work), argument],
  );
  await press(page, page.locator('#act'));
  return page.evaluate(() => window.acted);
}
