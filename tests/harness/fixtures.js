// What a spec gets: a server, an application, a shop, each started once a worker, and a page whose complaints are kept.

import { test as base } from '@playwright/test';

import { PageServer } from './page-server.js';
import { Shop } from './shop.js';
import { Throughline } from './throughline.js';

/**
 * What a page complained about.
 *
 * @typedef {object} Complaints
 * @property {string[]} errors uncaught errors and unhandled rejections
 * @property {string[]} console warnings and errors on the console
 * @property {string[]} dialogs
 */

let serviceCount = 0;

export const test = base.extend({
  throughline: [
    async ({}, use) => {
      const server = await Throughline.start();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  app: [
    async ({}, use) => {
      const server = await PageServer.start();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  shop: [
    async ({ throughline }, use) => {
      const shop = await Shop.start(throughline);
      await use(shop);
      await shop.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  /** A server of the test's own, to be stopped and started again. */
  ownThroughline: async ({}, use) => {
    const server = await Throughline.start();
    await use(server);
    await server.dispose();
  },
  /** A service name that no other test uses, so that a test finds its own traces. */
  service: async ({}, use, testInfo) => {
    serviceCount += 1;
    await use(`web-${testInfo.workerIndex}-${serviceCount}`);
  },
  /** @type {any} */
  complaints: async ({ page }, use) => {
    await use(complaintsOf(page));
  },
});

export { expect } from '@playwright/test';

/** Listens to a page's complaints from now on. @param {import('@playwright/test').Page} page @returns {Complaints} */
export function complaintsOf(page) {
  const complaints = { errors: [], console: [], dialogs: [] };
  page.on('pageerror', (error) => complaints.errors.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.console.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.dialogs.push(dialog.message());
    dialog.dismiss().catch(() => {});
  });
  return complaints;
}

/**
 * A real press of the mouse in the middle of an element, without waiting for what it causes.
 *
 * @param {import('@playwright/test').Page} page
 * @param {import('@playwright/test').Locator} locator
 */
export async function press(page, locator) {
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}
