// The states of a trace's parts that the component gallery leads to: each opens, on no server, and is the one that it is called.

import { expect, test } from '../harness/fixtures.js';
import { firstRow } from '../harness/viewer-pages.js';

test('every state of a trace that the gallery names is there', async ({ page, throughline, complaints }) => {
  test.slow();
  await page.goto(`${throughline.viewerUrl}/gallery`);
  const links = page.locator('.gallery__states a');
  await expect(links.first()).toBeVisible();
  const names = await links.allTextContents();
  expect(names.length).toBeGreaterThan(15);
  const drawer = page.getByRole('complementary', { name: 'Span' });
  const own = {
    'a stretch of time': page.getByRole('button', { name: 'Whole trace' }),
    'hues of an attribute': page.locator('.legend'),
    'a value that is followed': page.locator('.follow__stop').first(),
    'by wall clock': page.locator('.flame__canvas'),
    'by wall clock, zoomed': page.locator('.flame__canvas'),
    'alike calls as one': page.locator('.flame__canvas'),
    'an error': drawer.getByText('no connection within 800 ms').first(),
    'no attributes': drawer.getByText('The span has no attributes.'),
    'a span that does not come': drawer.getByText('The span could not be read'),
    hits: page.getByRole('button', { name: 'Next hit' }),
    'no hit': page.getByText('0 spans', { exact: true }),
    'a mistake': page.locator('#find-problem:not(:empty)'),
    two: drawer.locator('blockquote').nth(1),
    'none yet': drawer.getByLabel('Note', { exact: true }),
  };
  for (const name of Object.keys(own)) expect(names).toContain(name);
  for (const [place, name] of names.entries()) {
    await links.nth(place).click();
    await expect(own[name] ?? firstRow(page), name).toBeVisible();
    await page.goBack();
    await expect(links.first()).toBeVisible();
  }
  expect(await page.evaluate(() => globalThis.ran)).toBeUndefined();
  expect(complaints.errors).toEqual([]);
});
