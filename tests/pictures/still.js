// A page that looks the same whenever and wherever it is drawn: its fonts are of packages, its clock stands still, and
// nothing moves.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** The variable font of the pages, with the characters that each of its files has. */
const FONTS = [
  ['Pinned Sans', '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2', 'U+0000-00FF, U+2000-206F, U+20AC, U+2122, U+2212'],
  ['Pinned Sans', '@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2', 'U+0100-02BA'],
];

// What it lacks is in DejaVu, which fonts.conf brings.
const PROPERTIES = ':root { --font: "Pinned Sans", "DejaVu Sans", sans-serif; --mono: "DejaVu Sans Mono", monospace; }';

const loaded = Promise.all(FONTS.map(async ([family, path, unicodeRange]) => ({ family, unicodeRange, data: await readFile(resolve(path), 'base64') })));

/**
 * Makes everything stand still that a page shows from now on.
 *
 * @param {import('@playwright/test').Page} page
 * @param {string} instant what the page's clock says, in ISO 8601
 */
export async function holdStill(page, instant) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(new Date(instant));
  // Fonts made of bytes are there at once: not even the first frame is drawn in another.
  await page.addInitScript(
    ({ fonts, properties }) => {
      for (const { family, unicodeRange, data } of fonts) {
        const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        document.fonts.add(new FontFace(family, bytes.buffer, { unicodeRange, weight: '100 900' }));
      }
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(properties);
      document.adoptedStyleSheets.push(sheet);
    },
    { fonts: await loaded, properties: PROPERTIES },
  );
}
