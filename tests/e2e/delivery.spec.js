// What was traced arrives, whatever becomes of the tab or the server; and where it cannot, the page does not notice.

import { HangingEndpoint, refusingOrigin } from '../harness/faulty-endpoint.js';
import { complaintsOf, expect, press, test } from '../harness/fixtures.js';
import { lateHalf } from '../harness/late-half.js';
import { propagatedBy } from '../harness/page-server.js';
import { until } from '../harness/poll.js';
import { expectTrace } from '../harness/trace.js';

const CLICK = 'click "Order"';
const ORDER = 'POST /api/order';
const hasOrder = (trace) => Boolean(trace.find(ORDER) && trace.find(/^click /));

test('a click is delivered from a page that stays', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service) }));
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain([{ name: CLICK, service, kind: 'internal' }, { name: ORDER, service, kind: 'client' }]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('a tab that is closed right after the click delivers', async ({ context, app, throughline, service }) => {
  const page = await context.newPage();
  await page.goto(`${app.publish('delivery.html', { tag: throughline.tag(service) })}?delay=3000`);
  await press(page, page.locator('#order'));
  await page.close({ runBeforeUnload: true });
  await until('the tab is closed', () => page.isClosed());
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
});

test('a page left by its user right after the click delivers', async ({ page, app, throughline, service }) => {
  await page.goto(`${app.publish('delivery.html', { tag: throughline.tag(service) })}?delay=3000`);
  await press(page, page.locator('#order'));
  await page.goto(`${app.origin}/pages/elsewhere.html`);
  await expect(page).toHaveTitle('Elsewhere');
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
});

test('a click that itself leaves the page delivers', async ({ page, app, throughline, service }) => {
  await page.goto(`${app.publish('delivery.html', { tag: throughline.tag(service) })}?delay=3000`);
  await press(page, page.locator('#order-and-leave'));
  await expect(page).toHaveTitle('Elsewhere');
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain(['click "Order and leave"', ORDER]);
});

test('what happens while the server is down is delivered when it returns', async ({ page, app, ownThroughline, service }) => {
  const complaints = complaintsOf(page);
  await page.goto(app.publish('delivery.html', { tag: ownThroughline.tag(service) }));
  await lateHalf(page);
  await ownThroughline.stop();
  const refused = page.waitForEvent('requestfailed', (request) => request.url().includes('/v1/traces'));
  const before = app.received('/api/order').length;
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
  const carried = propagatedBy(app.received('/api/order')[before]);
  expect(carried).not.toBeNull();
  await refused;

  await ownThroughline.restart();
  const trace = await ownThroughline.waitForTrace(carried.traceId, hasOrder);
  expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
  expect(trace.all(ORDER)).toHaveLength(1);
  expect(complaints.errors).toEqual([]);
});

test('the tracer’s late half is asked for again until it comes', async ({ page, app, throughline, service }) => {
  const asked = [];
  await page.route(/throughline\.late-/, (route) => {
    asked.push(route.request().url());
    return asked.length < 3 ? route.abort('connectionrefused') : route.continue();
  });
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service) }));
  await until('it was asked for three times', () => asked.length === 3);
  await lateHalf(page);
  expect(new Set(asked).size).toBe(3);
  await press(page, page.locator('#order'));
  // Only it can read what a control is called.
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
});

test('an endpoint that answers 503 is asked again until it accepts', async ({ page, app, throughline, service }) => {
  app.collectorUrl = undefined;
  const before = app.received('/collector/v1/traces').length;
  const refusals = () => app.received('/collector/v1/traces').length - before;
  try {
    await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector' }) }));
    await press(page, page.locator('#order'));
    await until('the collector has refused twice', () => refusals() >= 2);
    expect(await throughline.tracesOf(service)).toEqual([]);
  } finally {
    app.collectorUrl = throughline.ingestUrl;
  }
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expect(trace.all(ORDER)).toHaveLength(1);
});

test('a page whose tracer cannot be loaded works', async ({ page, app, throughline, service, complaints }) => {
  const origin = await refusingOrigin();
  const tag = throughline.tag(service, { src: `${origin}/throughline.js` });
  await page.goto(app.publish('delivery.html', { tag }));
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
  expect(complaints.errors).toEqual([]);
  // The browser itself reports the script that it could not load, and nothing else is said.
  expect(complaints.console).toEqual([expect.stringContaining('net::ERR_CONNECTION_REFUSED')]);
});

test('a page whose endpoint refuses every connection works', async ({ page, app, throughline, service, complaints }) => {
  const origin = await refusingOrigin();
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, { 'data-endpoint': origin }) }));
  const refused = page.waitForEvent('requestfailed', (request) => request.url().startsWith(origin));
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
  await refused;
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (2)');
  expect(complaints.errors).toEqual([]);
  // Only the browser's own reports of its failed requests.
  expect(complaints.console.filter((text) => !text.includes('net::ERR_CONNECTION_REFUSED'))).toEqual([]);
});

test('a page is ready while an async tag hangs', async ({ page, app, throughline, service, complaints }) => {
  const hanging = await HangingEndpoint.start();
  try {
    const tag = throughline.tag(service, { src: `${hanging.origin}/throughline.js`, async: true });
    await page.goto(app.publish('delivery.html', { tag }), { waitUntil: 'domcontentloaded' });
    await expect(page.locator('html')).toHaveAttribute('data-ready', 'true');
    await press(page, page.locator('#order'));
    await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
    // It did ask for the script, and still waits.
    expect(hanging.asked.join('')).toContain('GET /throughline.js');
    expect(hanging.waiting).toBeGreaterThan(0);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  } finally {
    await page.close();
    await hanging.dispose();
  }
});

test('an async tag traces the clicks after it has loaded', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, { async: true }) }));
  await page.waitForFunction(() => window.throughline);
  await press(page, page.locator('#order'));
  const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('a policy that refuses WebAssembly leaves the page working, with one message', async ({ page, app, throughline, service }) => {
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  const errors = complaintsOf(page).errors;
  const policy = (extra) => ({ 'content-security-policy': `script-src 'self' 'unsafe-inline' ${extra} ${throughline.ingestUrl}` });

  // The same policy with WebAssembly allowed traces: the policy and not something else is what switches it off below.
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service), headers: policy("'wasm-unsafe-eval'") }));
  await press(page, page.locator('#order'));
  await throughline.waitForTraceOf(service, hasOrder, 'of the order');
  expect(said).toEqual([]);

  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service), headers: policy('') }));
  const before = app.received('/api/order').length;
  await press(page, page.locator('#order'));
  await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
  expect(app.received('/api/order')[before].headers.traceparent).toBeUndefined();
  expect(errors).toEqual([]);
  expect(said.filter((text) => text.toLowerCase().includes('throughline'))).toHaveLength(1);
  expect(await page.evaluate(() => [fetch, setTimeout, Promise.prototype.then, XMLHttpRequest.prototype.send].every((native) => String(native).includes('[native code]')))).toBe(true);
});

// A page's policy and the tag's attributes, and what the browser itself may then report.
for (const [title, directives, attributes, reports] of [
  ['that trusts a nonce, with the nonce on the tag', '', { nonce: 'n1' }, []],
  ['that trusts a nonce, with crossorigin on the tag', '', { crossorigin: true }, []],
  ['that trusts the host alone', '', {}, [/Executing inline script violates/]],
  ['that asks for Trusted Types, with crossorigin on the tag', "; require-trusted-types-for 'script'", { crossorigin: true }, []],
]) {
  test(`a page under a strict policy ${title} is traced`, async ({ page, app, throughline, service, complaints }) => {
    const headers = { 'content-security-policy': `script-src 'nonce-n1' ${throughline.ingestUrl} 'wasm-unsafe-eval'${directives}` };
    await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, attributes), headers, nonce: 'n1' }));
    await press(page, page.locator('#order'));
    await expect(page.locator('#answer')).toHaveText('answered 200 (1)');
    const trace = await throughline.waitForTraceOf(service, hasOrder, 'of the order');
    expectTrace(trace).isWhole().hasDirectChain([CLICK, ORDER]);
    expect(complaints.errors).toEqual([]);
    expect(complaints.console).toEqual(reports.map((report) => expect.stringMatching(report)));
  });
}
