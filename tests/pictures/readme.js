// Takes the pictures of ../../docs/pictures anew, which the README shows: the demo's shop, some bookings, and one whose
// payment fails twice. `node pictures/readme.js`, once the binaries are built; look at them before they are committed.

import { fileURLToPath } from 'node:url';

import { chromium } from '@playwright/test';

import { book, fault, fillIn } from '../harness/booking.js';
import { Shop } from '../harness/shop.js';
import { Throughline } from '../harness/throughline.js';

const VISITS = 8;
const at = (name) => fileURLToPath(new URL(`../../docs/pictures/${name}.png`, import.meta.url));

const throughline = await Throughline.start();
const shop = await Shop.start(throughline);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  for (let visit = 0; visit < VISITS; visit += 1) {
    await fillIn(page, shop);
    await book(page);
  }
  await fillIn(page, shop);
  await fault(page, 'slow-payment');
  const trace = await book(page);
  await throughline.waitForTrace(trace, (found) => Boolean(found.find({ service: 'shop-web', kind: 'internal' }) && found.find({ service: 'ticketing', kind: 'server' })));
  for (const [name, path, height, shown] of [
    ['trace', `/trace/${trace}`, 960, '[role=treegrid] [role=row]'],
    ['search', '/search', 900, 'ol.trace-list > li'],
  ]) {
    await page.setViewportSize({ width: 1440, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${throughline.viewerUrl}${path}`);
      await page.locator(shown).first().waitFor();
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: at(`${name}-${colorScheme}`) });
    }
  }
} finally {
  await browser.close();
  await shop.dispose();
  await throughline.dispose();
}
