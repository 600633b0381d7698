// WCAG 2.2 AA on every page, as far as axe-core can tell, and nothing beyond the window's edge: in both themes, wide
// and narrow.

import axe from 'axe-core';

import { expect } from '../harness/fixtures.js';
import { HOUR_ENDS, test } from '../harness/sample.js';
import { everyPage, firstRow } from '../harness/viewer-pages.js';

// The viewer's policy lets no foreign script in, axe-core's neither.
test.use({ bypassCSP: true });

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

/** What axe-core finds on a page: a line for each element concerned. @param {string[]} [apart] rules that do not hold here */
async function violations(page, apart = []) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), RULES);
  return found.violations.filter(({ id }) => !apart.includes(id)).flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`));
}

/** By how many pixels a page is wider than its window. */
const beyond = (page) =>
  page.evaluate(() => {
    const all = [document.documentElement, document.querySelector('main')];
    return Math.max(...all.map((element) => element.scrollWidth - element.clientWidth));
  });

for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`every page is accessible and fits, ${theme} and ${size}`, async ({ page, sampled, furnished }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      // The map shows the hour before now.
      await page.clock.setFixedTime(new Date(Date.parse(HOUR_ENDS) + 60_000));
      const { trace, session } = furnished;
      const css = (selector) => page.locator(selector).first();
      const rows = firstRow(page);
      const check = async (what, apart) => {
        expect.soft(await violations(page, apart), what).toEqual([]);
        expect.soft(await beyond(page), `${what} is wider than the window`).toBeLessThanOrEqual(0);
      };
      for (const [path, loaded, apart] of everyPage(furnished)) {
        await page.goto(`${sampled.viewerUrl}${path}`);
        await expect(loaded(page)).toBeVisible();
        await check(path, apart);
      }
      await page.goto(`${sampled.viewerUrl}/session/${session}`);
      await css('.session-menu summary').click();
      await expect(css('.session-menu a[href^="/run/"]')).toBeVisible();
      await check('the menu of a session');
      // Whoever has no token.
      await page.route('**/api/**', (route) => route.fulfill({ status: 401, json: { code: 'unauthenticated', message: 'a token is needed', position: null } }));
      await page.goto(`${sampled.viewerUrl}/sessions`);
      await expect(page.getByLabel('Token')).toBeVisible();
      await check('the page to sign in');
      await page.unroute('**/api/**');
      // The drawer, and the sheet of keys over it.
      await page.goto(`${sampled.viewerUrl}/trace/${trace}`);
      await rows.click();
      await expect(page.getByRole('complementary', { name: 'Span' })).toBeVisible();
      await check('the drawer');
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog')).toBeVisible();
      await check('the keys');
    });
  }
}
