// Which sessions are sent, that the choice holds over tabs and reloads, and what the flight recorder gives back.

import { expect, press, test } from '../harness/fixtures.js';
import { propagatedBy } from '../harness/page-server.js';
import { until } from '../harness/poll.js';
import { expectTrace } from '../harness/trace.js';

const ORDER = 'POST /api/order';
const hasOrder = (trace) => Boolean(trace.find(ORDER) && trace.find(/^click /));
const head = (ratio) => ({ 'data-sampling': 'head', 'data-ratio': String(ratio) });

/** Presses the button and returns the order's request as the backend saw it. */
async function order(page, app) {
  const before = app.received('/api/order').length;
  await press(page, page.locator('#order'));
  return until('the order has arrived', () => app.received('/api/order')[before]);
}

/** What a `tracestate` says of the sampling: threshold and random number. */
function samplingOf({ headers: { tracestate } }) {
  const [, th, rv] = /^ot=(?:th:([\da-f]{1,14});)?rv:([\da-f]{14})$/.exec(tracestate) ?? [];
  return { th, rv };
}

const sessionOf = (page) => page.evaluate(() => localStorage.getItem('throughline.session')?.split(':')[0]);

/** On a machine under load any frame may be slow, and a slow frame captures: here none is told. */
const withoutSlowness = (target) =>
  target.addInitScript(() => {
    const { observe } = PerformanceObserver.prototype;
    PerformanceObserver.prototype.observe = function (options) {
      if (!['long-animation-frame', 'event', 'first-input'].includes(options.type)) observe.call(this, options);
    };
  });

/** Lets the shared record be read again, which a page does once a second. */
const later = (page) => page.waitForTimeout(1_100);

test('by default every session is sent, with flag 01 and no threshold', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service) }));
  const request = await order(page, app);
  expect(request.headers.traceparent).toMatch(/-01$/);
  expect(request.headers.tracestate).toBeUndefined();
  const trace = await throughline.waitForTrace(propagatedBy(request).traceId, hasOrder);
  for (const span of trace.spans) expect(span.flags & 1).toBe(1);
});

test('a session of the ratio is sent, and says how many it stands for', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, head(1)) }));
  const request = await order(page, app);
  expect(request.headers.traceparent).toMatch(/-01$/);
  expect(samplingOf(request)).toEqual({ th: '0', rv: (await sessionOf(page)).slice(-14) });
  const trace = await throughline.waitForTrace(propagatedBy(request).traceId, hasOrder);
  for (const span of trace.spans) expect(span.traceState).toBe(request.headers.tracestate);
});

for (const [ratio, th] of [
  [0.5, '8'],
  [0.25, 'c'],
  [0.01, 'fd70a3d7'],
]) {
  test(`of many sessions a ratio of ${ratio} is chosen, by their random numbers`, async ({ page, app, throughline, service }) => {
    await withoutSlowness(page);
    const url = app.publish('delivery.html', { tag: throughline.tag(service, head(ratio)) });
    await page.goto(app.publish('elsewhere.html'));
    // The session is what the storage says: random numbers just below and at the threshold, and far from it.
    const at = th.padEnd(14, '0');
    const below = (BigInt(`0x${at}`) - 1n).toString(16).padStart(14, '0');
    for (const [rv, chosen] of [
      ['0'.repeat(14), false],
      [below, false],
      [at, true],
      ['f'.repeat(14), true],
    ]) {
      await page.evaluate((id) => localStorage.setItem('throughline.session', `${id}:${Date.now()}:${Date.now()}:`), `a1${'5'.repeat(16)}${rv}`);
      await page.goto(url);
      const request = await order(page, app);
      expect(samplingOf(request)).toEqual({ th: chosen ? th : undefined, rv });
      expect(request.headers.traceparent.slice(-2)).toBe(chosen ? '01' : '00');
    }
  });
}

test('tabs and reloads of a session make one choice, another session its own', async ({ page, context, browser, app, throughline, service }) => {
  const url = app.publish('delivery.html', { tag: throughline.tag(service, head(0.5)) });
  const rvOf = async (tab) => samplingOf(await order(tab, app)).rv;
  await page.goto(url);
  const first = await rvOf(page);
  const session = await sessionOf(page);
  await page.reload();
  expect(await rvOf(page)).toBe(first);
  const tab = await context.newPage();
  await tab.goto(url);
  expect(await rvOf(tab)).toBe(first);
  expect(await sessionOf(tab)).toBe(session);

  const visitor = await browser.newContext();
  const other = await visitor.newPage();
  await other.goto(url);
  expect(await rvOf(other)).not.toBe(first);
  expect(await sessionOf(other)).not.toBe(session);
  await visitor.close();
});

test('a session ends after half an hour without an action, and after four hours', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service) }));
  // The session begins when there is something to say.
  await expect.poll(() => sessionOf(page)).toBeTruthy();
  const ages = (touched, started) =>
    page.evaluate(
      ([t, s]) => {
        const [id] = localStorage.getItem('throughline.session').split(':');
        localStorage.setItem('throughline.session', `${id}:${Date.now() - t * 60_000}:${Date.now() - s * 60_000}:`);
      },
      [touched, started],
    );
  for (const [touched, started, same] of [
    [29, 29, true],
    [31, 31, false],
    [1, 239, true],
    [1, 241, false],
  ]) {
    const before = await sessionOf(page);
    await ages(touched, started);
    await later(page);
    await order(page, app);
    const after = await sessionOf(page);
    if (same) expect(after).toBe(before);
    else expect(after).not.toBe(before);
  }
});

test('a page whose storage is denied is one session', async ({ page, app, throughline, service, complaints }) => {
  await page.addInitScript(() => Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } }));
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, head(1)) }));
  const { rv } = samplingOf(await order(page, app));
  expect(rv).toMatch(/^[\da-f]{14}$/);
  await later(page);
  expect(samplingOf(await order(page, app)).rv).toBe(rv);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('nothing of a session beyond the ratio is sent, until it captures what it held', async ({ page, context, app, throughline, service, complaints }) => {
  app.collectorUrl = throughline.ingestUrl;
  await withoutSlowness(context);
  const tag = throughline.tag(service, { ...head(0), 'data-endpoint': '/collector' });
  const url = app.publish('delivery.html', { tag });
  const sent = () => app.requests.filter(({ path }) => path.startsWith('/collector/')).length;
  const before = sent();
  await page.goto(url);
  const requests = [await order(page, app), await order(page, app)];
  for (const request of requests) {
    expect(request.headers.traceparent).toMatch(/-00$/);
    expect(samplingOf(request)).toEqual({ th: undefined, rv: (await sessionOf(page)).slice(-14) });
  }
  const tab = await context.newPage();
  await tab.goto(url);
  const elsewhere = await order(tab, app);
  expect(elsewhere.headers.traceparent).toMatch(/-00$/);
  await page.evaluate(() => throughline.flush());
  // Longer than a batch waits for company, and than an action takes to end.
  await page.waitForTimeout(1_500);
  expect(sent() - before).toBe(0);

  await page.evaluate(() => throughline.capture());
  for (const request of requests) {
    const trace = await throughline.waitForTrace(propagatedBy(request).traceId, hasOrder);
    expectTrace(trace).isWhole().hasDirectChain([/^click "Order"/, ORDER]);
    for (const span of trace.spans) expect(span.traceState).toBe(request.headers.tracestate);
  }
  const next = await order(page, app);
  expect(next.headers.traceparent).toMatch(/-01$/);
  expect(samplingOf(next).th).toBeUndefined();
  await throughline.waitForTrace(propagatedBy(next).traceId, hasOrder);

  // The session's other tab follows with its next action, and so does every page after it.
  await later(tab);
  expect((await order(tab, app)).headers.traceparent).toMatch(/-01$/);
  await throughline.waitForTrace(propagatedBy(elsewhere).traceId, hasOrder);
  await page.reload();
  expect((await order(page, app)).headers.traceparent).toMatch(/-01$/);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('an error of the page sends what came before it', async ({ page, app, throughline, service, complaints }) => {
  app.collectorUrl = throughline.ingestUrl;
  await withoutSlowness(page);
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, { ...head(0), 'data-endpoint': '/collector' }) }));
  const request = await order(page, app);
  expect(request.headers.traceparent).toMatch(/-00$/);
  await page.evaluate(() => setTimeout(() => { throw new Error('the order is lost'); }));
  const trace = await throughline.waitForTrace(propagatedBy(request).traceId, hasOrder);
  expectTrace(trace).isWhole().hasDirectChain([/^click "Order"/, ORDER]);
  const logs = await app.waitForRequest('/collector/v1/logs', ({ body }) => body.includes(service));
  for (const text of ['the order is lost', 'throughline.capture', 'exception']) expect(logs.body.toString('latin1')).toContain(text);
  expect((await order(page, app)).headers.traceparent).toMatch(/-01$/);
  expect(complaints.errors).toEqual(['the order is lost']);
});

test('why a session was captured is said once', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  await withoutSlowness(page);
  await page.goto(app.publish('delivery.html', { tag: throughline.tag(service, { ...head(0), 'data-endpoint': '/collector' }) }));
  await order(page, app);
  await page.evaluate(() => {
    throughline.capture();
    throughline.capture();
  });
  const logs = await app.waitForRequest('/collector/v1/logs', ({ body }) => body.includes(service));
  await page.evaluate(() => throughline.flush());
  const records = app.received('/collector/v1/logs', ({ body }) => body.includes(service)).map(({ body }) => body.toString('latin1')).join('');
  // The name of the event and the key of its attribute.
  expect(records.split('throughline.capture').length - 1).toBe(2);
  expect(logs.body.toString('latin1')).toContain('application');
});
