// A waterfall copied as an image: what the clipboard gets, and what becomes of it where the browser refuses.

import { readFile } from 'node:fs/promises';

import { PNG } from 'pngjs';

import { expect } from '../harness/fixtures.js';
import { INCIDENT, findTrace, test } from '../harness/sample.js';

/** How many colours a picture has, and how much of it is its ground. */
function looks(png) {
  const counts = new Map();
  for (let at = 0; at < png.data.length; at += 4) {
    const color = png.data.readUInt32BE(at);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  return { colours: counts.size, ground: Math.max(...counts.values()) / (png.width * png.height) };
}

async function copyAsImage(page, server) {
  const trace = await findTrace(server, INCIDENT);
  await page.goto(`${server.viewerUrl}/trace/${trace}`);
  await expect(page.getByRole('treegrid').getByRole('row').first()).toBeVisible();
  await page.getByText('Share', { exact: true }).click();
  await page.getByRole('button', { name: 'Copy as image' }).click();
  return trace;
}

test('the clipboard gets a picture of the waterfall', async ({ page, sampled, complaints }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await copyAsImage(page, sampled);
  await expect(page.getByText('The picture is copied.')).toBeVisible();
  const data = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await (await item.getType('image/png')).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  const bytes = Buffer.from(data, 'base64');
  const png = PNG.sync.read(bytes);
  // Twice as fine as the page: the names, the timeline and the margins; 20 rows of 24 px below the head.
  const { width } = await page.locator('.waterfall__axis > .axis').boundingBox();
  expect(Math.abs(png.width / 2 - (width + 320 + 32))).toBeLessThan(2);
  expect(png.height / 2).toBeGreaterThan(20 * 24 + 80);
  expect(png.height / 2).toBeLessThan(20 * 24 + 200);
  const { colours, ground } = looks(png);
  expect(colours).toBeGreaterThan(100);
  expect(ground).toBeGreaterThan(0.5);
  expect(ground).toBeLessThan(0.95);
  expect(complaints.errors).toEqual([]);
});

test('where the browser refuses, the picture is saved', async ({ page, sampled }) => {
  await page.addInitScript(() => {
    navigator.clipboard.write = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  const download = page.waitForEvent('download');
  const trace = await copyAsImage(page, sampled);
  const saved = await download;
  expect(saved.suggestedFilename()).toBe(`trace-${trace}.png`);
  await expect(page.getByText('it is saved as a file')).toBeVisible();
  expect(looks(PNG.sync.read(await readFile(await saved.path()))).colours).toBeGreaterThan(100);
});
