// WCAG 2.2 AA on every page, as far as axe-core can tell, no text below 12 px, and nothing beyond the window's edge: in both
// themes, wide and narrow.

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

/** What of a page's text is smaller than 12 px. */
const tooSmall = (page) =>
  page.evaluate(() => {
    const found = new Set();
    for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode(); ) {
      const { parentElement: element, textContent } = walker.currentNode;
      const size = parseFloat(getComputedStyle(element).fontSize);
      if (size < 12 && textContent.trim() && element.checkVisibility()) found.add(`${element.tagName} ${element.getAttribute('class')} in ${element.parentElement.className}: ${size} px`);
    }
    return [...found];
  });

/** The tables of a page that are wider than what they stand in. */
const sideways = (page) =>
  page.evaluate(() => {
    const scrolls = (element) => element && (getComputedStyle(element).overflowX === 'visible' ? scrolls(element.parentElement) : element);
    const wider = [...document.querySelectorAll('main table')].map((table) => [table, scrolls(table.parentElement)]).filter(([, around]) => around && around.scrollWidth > around.clientWidth);
    return wider.map(([table, around]) => `${table.className} is ${around.scrollWidth} px wide in ${around.clientWidth}`);
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
        expect.soft(await tooSmall(page), what).toEqual([]);
        // A trace's statistics and the gallery's examples of wide tables are scrolled.
        if (!/^\/(trace|gallery)/.test(what)) expect.soft(await sideways(page), what).toEqual([]);
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
