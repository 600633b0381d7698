// Makes the pictures small once they have been taken: steps of colour that no eye and no comparison sees are rounded away,
// and what is left is compressed as well as PNG can.

import { readFile, readdir, writeFile } from 'node:fs/promises';

import { PNG } from 'pngjs';

/** Well below what `threshold` in ../playwright.config.js forgives. */
const STEP = 4;

const folder = new URL('.', import.meta.url);
for (const name of (await readdir(folder)).filter((name) => name.endsWith('.png'))) {
  const path = new URL(name, folder);
  const before = await readFile(path);
  const picture = PNG.sync.read(before);
  for (let at = 0; at < picture.data.length; at += 1) picture.data[at] = Math.min(255, Math.round(picture.data[at] / STEP) * STEP);
  const candidates = [0, 2, 4].map((filterType) => PNG.sync.write(picture, { colorType: 2, inputHasAlpha: true, filterType, deflateLevel: 9, deflateStrategy: 0 }));
  const packed = candidates.reduce((least, one) => (one.length < least.length ? one : least));
  if (packed.length < before.length) await writeFile(path, packed);
}
