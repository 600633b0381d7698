// A trace on paper: every row up to a bound, whatever is seen on the screen.

import { readFile } from 'node:fs/promises';

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';

/** A root with so many steps, no two alike next to each other. */
function longTrace(service, steps) {
  return makeTrace({
    name: 'long',
    service,
    tookMillis: 10_000,
    children: Array.from({ length: steps }, (_, step) => ({ name: `step ${step}`, service, atMillis: step, tookMillis: 5 })),
  });
}

/** What the browser says before it prints and after, without a dialog. */
const say = (page, event) => page.evaluate((name) => window.dispatchEvent(new Event(name)), event);

test('every row of a trace is printed, light and in the flow of the page', async ({ page, throughline, service, complaints }, testInfo) => {
  const { traceId, body } = longTrace(service, 300);
  await throughline.sendTraces(body);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(page.locator('.row__label').filter({ hasText: /^step 3$/ })).toBeVisible();
  await expect(page.locator('.printed')).toBeHidden();

  const file = testInfo.outputPath('trace.pdf');
  await page.pdf({ path: file, format: 'A4' });
  const sheets = (await readFile(file, 'latin1')).match(/\/Type\s*\/Page\b/g).length;
  expect(sheets).toBeGreaterThan(5);
  await expect(page.locator('.printed')).toBeEmpty();

  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await say(page, 'beforeprint');
  const table = page.locator('.printed table');
  await expect(table.locator('tbody tr')).toHaveCount(301);
  await expect(table.locator('tbody tr').last()).toContainText('step 299');
  await expect(page.locator('.printed__note')).toHaveCount(0);
  await expect(page.getByRole('treegrid')).toBeHidden();
  // Paper is light, whatever the screen is.
  expect(await table.evaluate((element) => getComputedStyle(element).getPropertyValue('--panel').trim())).toBe('#ffffff');
  // No bar without a width, and none beside its column.
  const odd = await table.locator('.printed__bar').evaluateAll((bars) => bars.filter((bar) => {
    const [inner, outer] = [bar.getBoundingClientRect(), bar.parentElement.getBoundingClientRect()];
    return inner.width < 1 || inner.left < outer.left - 1 || inner.right > outer.right + 1;
  }).length);
  expect(odd).toBe(0);
  await say(page, 'afterprint');
  await page.emulateMedia({ media: 'screen' });
  await expect(page.getByRole('treegrid')).toBeVisible();
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('a trace longer than a reader leafs through says what is not printed', async ({ page, throughline, service }) => {
  const { traceId, body } = longTrace(service, 1_200);
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(page.locator('.row__label').filter({ hasText: /^step 3$/ })).toBeVisible();
  await page.emulateMedia({ media: 'print' });
  await say(page, 'beforeprint');
  await expect(page.locator('.printed tbody tr')).toHaveCount(1_000);
  await expect(page.locator('.printed__note')).toContainText('The first 1,000 of 1,201 rows. To print the others, show less and print again');
});
