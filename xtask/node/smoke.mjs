// Books one ticket in the shop as a visitor would, reads the trace back, and checks that nothing of it is missing.
//
// Prints one JSON line on stdout. The time is measured from the click until the API answers with the whole trace; then
// the viewer must show it.

import { readFile } from 'node:fs/promises';

import { BROWSER_SERVICE, SERVICES } from '../../tests/harness/shop.js';
import { Trace, expectTrace } from '../../tests/harness/trace.js';
import { pause } from '../../tests/harness/poll.js';
import { launch } from './browser.mjs';

const { SHOP_URL, VIEWER_URL } = process.env;
/** How long the parts of a trace may take to arrive on a machine that is busy with something else. */
const DEADLINE_MILLIS = 60_000;

const ROOT = { name: 'click "Book Now"', service: BROWSER_SERVICE, kind: 'internal' };
const REQUEST = { name: 'POST /api/bookings', service: BROWSER_SERVICE, kind: 'client' };
const served = (service) => ({ service, kind: 'server' });

const browser = await launch();
try {
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));

  await page.goto(SHOP_URL);
  await fillIn(page);
  const downloaded = page.waitForEvent('download', { timeout: DEADLINE_MILLIS });
  downloaded.catch(() => {});
  await page.getByTestId('book').click();
  const clickedMillis = await page.evaluate(() => Date.now());
  const link = page.getByTestId('trace-link');
  await link.waitFor({ state: 'visible', timeout: DEADLINE_MILLIS });
  await checkTicket(await downloaded);
  const traceId = /\/trace\/([0-9a-f]{32})$/.exec(await link.getAttribute('href'))?.[1];
  if (!traceId) throw new Error(`the shop links to ${await link.getAttribute('href')}, which names no trace`);

  const trace = await wholeTrace(traceId);
  const visibleMillis = Date.now();
  if (complaints.length > 0) throw new Error(`the shop's page reported: ${complaints.join('; ')}`);

  const opened = page.context().waitForEvent('page', { timeout: 5_000 }).catch(() => page);
  await link.click();
  const viewer = await opened;
  await viewer.getByRole('heading', { name: /click .Book Now./ }).waitFor({ state: 'visible', timeout: DEADLINE_MILLIS });

  const result = {
    trace_id: traceId,
    span_count: trace.spans.length,
    services: trace.services,
    click_to_visible_ms: Math.round(visibleMillis - clickedMillis),
  };
  console.log(JSON.stringify(result));
} catch (error) {
  console.error(`\n${error.message}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** Film and seat are chosen as a visitor does, by what stands for the radio button. */
async function fillIn(page) {
  const choice = (name) => page.locator('label').filter({ has: page.getByTestId(name) }).first();
  await choice('movie').click();
  await choice('seat').click();
  await page.getByTestId('name').fill('Ada Lovelace');
  await page.getByTestId('email').fill('ada@example.org');
  await page.getByTestId('card').fill('4242 4242 4242 4242');
}

/** The ticket that the visitor gets is a real PDF. @param {import('playwright-core').Download} download */
async function checkTicket(download) {
  const start = (await readFile(await download.path())).subarray(0, 5).toString('latin1');
  if (start !== '%PDF-') throw new Error(`the ticket is no PDF: it begins with ${JSON.stringify(start)}`);
}

/** Asks for the trace until it is whole, or says what it lacks. */
async function wholeTrace(traceId) {
  const deadline = Date.now() + DEADLINE_MILLIS;
  for (;;) {
    const response = await fetch(`${VIEWER_URL}/api/v1/traces/${traceId}`);
    const trace = Trace.fromOtlp(response.ok ? await response.json() : {});
    try {
      expectTrace(trace)
        .isWhole()
        .hasRoot(ROOT)
        .hasServices([BROWSER_SERVICE, ...SERVICES])
        .hasDirectChain([ROOT, REQUEST, served(SERVICES[0])])
        .hasChain([ROOT, REQUEST, ...SERVICES.map(served)])
        .failsExactlyAt([]);
      return trace;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(25);
  }
}
