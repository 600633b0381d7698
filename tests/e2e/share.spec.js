// Notes, a trace as files, and the setup page.

import { expect } from '../harness/fixtures.js';
import { INCIDENT, findTrace, test } from '../harness/sample.js';

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
