// WCAG 2.2 AA on every page, as far as axe-core can tell, in both themes.

import axe from 'axe-core';

import { test as base, expect } from '../harness/fixtures.js';
import { findTrace, startWithSample } from '../harness/sample.js';

const test = base.extend({
  sampled: [
    async ({}, use) => {
      const server = await startWithSample();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const INCIDENT = '{ resource.service.version = "2.5.0" && status = error }';

/** What axe-core finds on a page: a line for each element concerned. */
async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), RULES);
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`));
}

for (const theme of ['light', 'dark']) {
  test(`every page is accessible in the ${theme} theme`, async ({ page, sampled }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    const trace = await findTrace(sampled, INCIDENT);
    const rows = page.getByRole('treegrid').getByRole('row').first();
    const pages = [
      ['/search', page.locator('ol.trace-list > li').first()],
      ['/search?q=%7B%20name%20%3D%20%22absent%22%20%7D', page.locator('.message').first()],
      [`/trace/${trace}`, rows],
      ['/trace/00000000000000000000000000000099', page.locator('.message').first()],
      ['/services', page.locator('.service-card').first()],
      ['/setup', page.getByRole('heading', { name: 'See it arrive' })],
    ];
    for (const [path, loaded] of pages) {
      await page.goto(`${sampled.viewerUrl}${path}`);
      await expect(loaded).toBeVisible();
      expect.soft(await violations(page), path).toEqual([]);
    }
    // The drawer, and the sheet of keys over it.
    await page.goto(`${sampled.viewerUrl}/trace/${trace}`);
    await rows.click();
    await expect(page.getByRole('complementary', { name: 'Span' })).toBeVisible();
    expect.soft(await violations(page), 'the drawer').toEqual([]);
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toBeVisible();
    expect.soft(await violations(page), 'the keys').toEqual([]);
  });
}
