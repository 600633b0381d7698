// The main job: one click in the shop, one timeline, read back through the API and seen in the viewer.

import { readFile } from 'node:fs/promises';

import { book, chooseSeat, fault, fillIn } from '../harness/booking.js';
import { expect, press, test } from '../harness/fixtures.js';
import { BROWSER_SERVICE, SERVICES } from '../harness/shop.js';
import { expectTrace, Trace } from '../harness/trace.js';

const ROOT = { name: 'click "Book Now"', service: BROWSER_SERVICE, kind: 'internal' };
const REQUEST = { name: 'POST /api/bookings', service: BROWSER_SERVICE, kind: 'client' };
const served = (service) => ({ service, kind: 'server' });

/** A booking whose spans have all arrived: the browser's and the last service's. */
const arrived = (last) => (trace) => Boolean(trace.find(ROOT) && trace.find(REQUEST) && trace.find(served(last)));

/** The spans that the booking request caused; the click also asks for the seats anew. */
function caused(trace) {
  const request = trace.only(REQUEST);
  return new Trace(trace.spans.filter((span) => span === request || trace.ancestorsOf(span).includes(request)));
}

test('a booking is one trace of the click, the request and all five services', async ({ page, shop, throughline, complaints }) => {
  const startMillis = Date.now();
  await fillIn(page, shop);
  const traceId = await book(page);
  const trace = await throughline.waitForTrace(traceId, (read) => SERVICES.every((service) => read.find(served(service))) && arrived('ticketing')(read));

  expectTrace(trace)
    .isWhole()
    .hasRoot(ROOT)
    .hasServices([BROWSER_SERVICE, ...SERVICES])
    .hasDirectChain([ROOT, REQUEST, served('validation')])
    .hasChain([ROOT, REQUEST, ...SERVICES.map(served)])
    .failsExactlyAt([]);
  // Each service answers exactly one request, and is asked by the service before it.
  SERVICES.forEach((service, index) => {
    const asked = caused(trace).only(served(service));
    expect(trace.parentOf(asked).service).toBe(index === 0 ? BROWSER_SERVICE : SERVICES[index - 1]);
    expect(trace.parentOf(asked).kind).toBe('client');
  });
  const root = trace.only(ROOT);
  const request = trace.only(REQUEST);
  expect(root.startNanos <= request.startNanos && request.endNanos <= root.endNanos).toBe(true);
  expect(root.attributes['throughline.action']).toBe('click');
  expect(request.events.map(({ name }) => name)).toEqual(expect.arrayContaining(['requestStart', 'responseStart', 'responseEnd']));
  // What a visitor typed is nobody's business.
  expect(JSON.stringify(trace.spans.filter(({ service }) => service === BROWSER_SERVICE), (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(/Ada|ada@example|4242/);

  // Exactly one trace holds it: no other trace has a span of this booking's path.
  const summaries = await throughline.search('{ name = "POST /api/bookings" }', { start: startMillis });
  expect(summaries.map((summary) => summary.traceId)).toEqual([traceId]);
  const [summary] = summaries;
  expect(summary).toMatchObject({ rootName: ROOT.name, rootService: BROWSER_SERVICE, caused: REQUEST.name, spanCount: trace.spans.length, errorCount: 0 });
  expect(summary.services.map(({ name }) => name)).toEqual([BROWSER_SERVICE, ...SERVICES]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('the ticket is a PDF', async ({ page, shop }) => {
  await fillIn(page, shop);
  const [offered] = await Promise.all([page.waitForEvent('download'), book(page)]);
  const [asked] = await Promise.all([page.waitForEvent('download'), press(page, page.getByTestId('ticket-link'))]);
  for (const download of [offered, asked]) {
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(bytes.subarray(-32).toString()).toContain('%%EOF');
    expect(download.suggestedFilename()).toMatch(/\.pdf$/);
  }
});

test('the page links to the timeline, which shows every service and span', async ({ page, context, shop, throughline }) => {
  await fillIn(page, shop);
  const traceId = await book(page);
  const trace = await throughline.waitForTrace(traceId, arrived('ticketing'));
  const [viewer] = await Promise.all([context.waitForEvent('page'), press(page, page.getByTestId('trace-link'))]);
  await expect(viewer).toHaveURL(new RegExp(`/trace/${traceId}`));
  const rows = viewer.getByRole('treegrid').getByRole('row');
  await expect(rows.filter({ hasText: /click .Book Now./ }).first()).toBeVisible();
  await expect(rows.filter({ hasText: REQUEST.name }).first()).toBeVisible();
  for (const service of SERVICES) await expect(rows.filter({ hasText: service }).first()).toBeVisible();
  await expect(viewer.getByRole('treegrid')).toHaveAttribute('aria-rowcount', /\d+/);
  expect(trace.spans.length).toBeGreaterThan(10);
});

test('a seat that was taken meanwhile is an error on the right bar', async ({ page, shop, throughline }) => {
  await fillIn(page, shop);
  await fault(page, 'seat-conflict');
  const traceId = await book(page);
  const trace = await throughline.waitForTrace(traceId, arrived('seating'));
  expectTrace(trace).isWhole().hasChain([ROOT, REQUEST, ...SERVICES.slice(0, 4).map(served)]).hasNo({ service: 'ticketing' });
  // The browser's request failed with the conflict, and the seat service says why.
  expect(trace.only(REQUEST)).toMatchObject({ status: 'error', attributes: { 'http.response.status_code': 409 } });
  const failed = trace.spans.filter(({ status }) => status === 'error');
  expect(failed.some(({ service }) => service === 'seating'), String(trace)).toBe(true);
  expect(failed.some(({ service }) => service === 'ticketing')).toBe(false);

  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const rows = page.getByRole('treegrid').getByRole('row');
  await expect(rows.filter({ hasText: REQUEST.name }).first()).toBeVisible();
  const marked = rows.filter({ has: page.getByText('error', { exact: false }).or(page.getByLabel(/error/i)) });
  await expect(marked.filter({ hasText: 'seating' }).first()).toBeAttached();
});

test('two bookings at once stay two traces', async ({ context, shop, throughline }) => {
  const pages = [await context.newPage(), await context.newPage()];
  for (const [index, page] of pages.entries()) await fillIn(page, shop, index);
  const ids = await Promise.all(pages.map((page) => book(page)));
  expect(new Set(ids).size).toBe(2);
  for (const traceId of ids) {
    const trace = await throughline.waitForTrace(traceId, arrived('ticketing'));
    expectTrace(trace).isWhole().hasChain([ROOT, REQUEST, ...SERVICES.map(served)]);
    for (const service of SERVICES) caused(trace).only(served(service));
  }
});

test('two bookings one after the other in one page stay two traces', async ({ page, shop, throughline }) => {
  await fillIn(page, shop);
  const first = await book(page);
  await chooseSeat(page);
  await page.getByTestId('result').evaluate((element) => element.replaceChildren());
  const second = await book(page);
  expect(second).not.toBe(first);
  for (const traceId of [first, second]) {
    const trace = await throughline.waitForTrace(traceId, arrived('ticketing'));
    expectTrace(trace).isWhole().hasDirectChain([ROOT, REQUEST]);
    for (const service of SERVICES) caused(trace).only(served(service));
  }
});

test('slow payment: the acquirer is asked three times and the booking succeeds', async ({ page, shop, throughline }) => {
  await fillIn(page, shop);
  await fault(page, 'slow-payment');
  const trace = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  const tries = trace.all({ service: 'payment', kind: 'client', name: /acquirer|charge/ });
  expect(tries.map(({ status }) => status), String(trace)).toEqual(['error', 'error', 'unset']);
  expect(trace.only(REQUEST).status).not.toBe('error');
});

test('N+1: the customer service reads seat by seat', async ({ page, shop, throughline }) => {
  const selects = (trace) => trace.all({ service: 'booking', name: /^SELECT/ }).length;
  await fillIn(page, shop);
  const plain = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  await fillIn(page, shop);
  await fault(page, 'n-plus-one');
  const repeated = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  expect(selects(repeated), String(repeated)).toBeGreaterThan(selects(plain) + 10);
});

test('a crash while the ticket is made is an error of the ticket service, and the shop survives', async ({ page, shop, throughline }) => {
  await fillIn(page, shop);
  await fault(page, 'crash-ticket');
  const trace = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  expect(trace.only(REQUEST)).toMatchObject({ status: 'error', attributes: { 'http.response.status_code': expect.any(Number) } });
  expect(trace.only(REQUEST).attributes['http.response.status_code']).toBeGreaterThanOrEqual(500);
  const failed = trace.all({ service: 'ticketing', status: 'error' });
  expect(failed.length, String(trace)).toBeGreaterThan(0);
  expect(failed.some(({ events }) => events.some(({ name, attributes }) => name === 'exception' && attributes['exception.message'])), String(trace)).toBe(true);

  await fillIn(page, shop);
  const next = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  expectTrace(next).isWhole().failsExactlyAt([]);
});

test('a slow clock moves the seat service out of its caller, and nothing else', async ({ page, shop, throughline }) => {
  await fillIn(page, shop);
  await fault(page, 'clock-skew');
  const trace = await throughline.waitForTrace(await book(page), arrived('ticketing'));
  expectTrace(trace).isWhole().hasChain([ROOT, REQUEST, ...SERVICES.map(served)]);
  const MINUTE_NANOS = 60_000_000_000n;
  const distance = (service) => {
    const asked = caused(trace).only(served(service));
    const gap = asked.startNanos - trace.parentOf(asked).startNanos;
    return gap < 0n ? -gap : gap;
  };
  expect(distance('seating')).toBeGreaterThan(MINUTE_NANOS);
  for (const service of ['validation', 'booking', 'payment']) expect(distance(service)).toBeLessThan(MINUTE_NANOS);
});
