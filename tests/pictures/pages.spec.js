// Every page in both themes at two widths, on data that are the same on every run.

import { expect } from '../harness/fixtures.js';
import { HOUR_ENDS, INCIDENT, findTrace, test } from '../harness/sample.js';

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
// Of Debian's package fonts-dejavu-core, which Chromium depends on.
const FONTS = ':root { --font: "DejaVu Sans", sans-serif; --mono: "DejaVu Sans Mono", monospace; }';

for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`pages look as they did, ${theme} and ${size}`, async ({ page, sampled }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.clock.setFixedTime(new Date(Date.parse(HOUR_ENDS) + 60_000));
      const trace = await findTrace(sampled, INCIDENT);
      const pages = [
        ['search', '/search', page.locator('ol.trace-list > li').first(), []],
        ['nothing', '/search?q=%7B%20name%20%3D%20%22absent%22%20%7D', page.locator('.message').first(), []],
        ['trace', `/trace/${trace}`, page.getByRole('treegrid').getByRole('row').first(), []],
        ['services', '/services', page.locator('.service-card').first(), []],
        // The addresses have the ports of this run.
        ['setup', '/setup', page.getByRole('heading', { name: 'See it arrive' }), ['.recipe', '.step__note']],
      ];
      for (const [name, path, loaded, masked] of pages) {
        await page.goto(`${sampled.viewerUrl}${path}`);
        await page.addStyleTag({ content: FONTS });
        await expect(loaded).toBeVisible();
        await page.evaluate(() => document.fonts.ready);
        const mask = masked.map((selector) => page.locator(selector));
        await expect.soft(page).toHaveScreenshot(`${name}-${size}-${theme}.png`, { mask });
      }
    });
  }
}
