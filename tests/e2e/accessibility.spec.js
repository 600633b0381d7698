// WCAG 2.2 AA on every page, as far as axe-core can tell, in both themes; notes and files by hand.

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

test('a note is pinned to a span, seen by others, deleted and brought back', async ({ page, sampled, browser, complaints }) => {
  const trace = await findTrace(sampled, INCIDENT);
  await page.goto(`${sampled.viewerUrl}/trace/${trace}`);
  const row = page.getByRole('treegrid').getByRole('row').first();
  await row.click();
  const text = 'see <b>PAY-311</b>';
  await page.getByLabel('Note', { exact: true }).fill(text);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByRole('button', { name: 'Pin' }).click();
  const note = page.getByRole('region', { name: 'Notes' }).locator('blockquote');
  await expect(note).toContainText(text);
  await expect(row.getByRole('img', { name: 'has a note' })).toBeVisible();

  const context = await browser.newContext();
  const other = await context.newPage();
  const report = await context.request.get(`${sampled.viewerUrl}/api/v1/traces/${trace}/export?format=html`);
  const html = await report.text();
  expect(html).toContain('see &lt;b&gt;PAY-311&lt;/b&gt;');
  // The report needs nothing but itself.
  await context.setOffline(true);
  await other.setContent(html);
  await other.locator('details.span').first().locator('summary').click();
  await expect(other.locator('details.span').first().getByText('Resource')).toBeVisible();
  await context.close();

  await note.getByRole('button', { name: 'Delete' }).click();
  await expect(note).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(note).toContainText(text);
  await page.reload();
  await expect(note).toContainText('Ada');

  await page.getByText('Share', { exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Jaeger' }).click();
  expect((await download).suggestedFilename()).toBe(`trace-${trace}.jaeger.json`);
  expect(complaints.errors).toEqual([]);
});

test('the setup page sends a test span and shows that it arrives', async ({ page, ownThroughline }) => {
  await page.goto(`${ownThroughline.viewerUrl}/setup`);
  await expect(page.getByText('Waiting for the first span')).toBeVisible();
  await page.getByRole('button', { name: '.NET' }).click();
  await expect(page.locator('.recipe', { hasText: 'AddOtlpExporter' })).toContainText(ownThroughline.grpcUrl);
  await page.getByRole('button', { name: 'Send a test span' }).click();
  await expect(page.getByRole('link', { name: 'test span' })).toBeVisible();
  await expect(page.getByRole('row', { name: 'throughline-test 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Add sample data' }).click();
  await expect(page.locator('.attempts').getByRole('alert')).toContainText('has traces already');
});
