// Starts the Chromium that xtask found.

import { chromium } from 'playwright-core';

/** As root there is no sandbox; without the other switches Chromium looks for its maker's hosts at every start. */
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @returns {Promise<import('playwright-core').Browser>} */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM_BIN, args: SWITCHES });
}
