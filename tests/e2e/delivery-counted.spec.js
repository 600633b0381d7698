// Nothing is lost, counted end to end: every request that arrived at the page's backend has its span in the store,
// exactly once, whatever became of the page, the network or the server meanwhile.

import { spawn } from 'node:child_process';
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { chromium } from '@playwright/test';

import { complaintsOf, expect, press, test } from '../harness/fixtures.js';
import { lateHalf } from '../harness/late-half.js';
import { propagatedBy } from '../harness/page-server.js';
import { pause, until } from '../harness/poll.js';

let runs = 0;

/** A page that counts, under a run of its own. */
class Counting {
  constructor(app, throughline, service, attributes, headers) {
    this.app = app;
    this.throughline = throughline;
    this.service = service;
    this.run = `run-${++runs}`;
    this.url = `${app.publish('delivery-count.html', { tag: throughline.tag(service, attributes), headers })}?run=${this.run}`;
  }

  /** The spans of the requests that arrived at the backend. */
  get sent() {
    return this.app.received('/api/count', ({ query }) => query.get('run') === this.run).map(propagatedBy);
  }

  async click(page, clicks = 1) {
    for (let i = 0; i < clicks; i++) await press(page, page.locator('#count'));
  }

  /** Waits until all that arrived is in the store, then checks that it is there once, and that nothing else is lost. */
  async expectAllOnce(least, deadlineMillis = 30_000) {
    await until(`${least} requests have arrived`, () => this.sent.length >= least);
    const found = async () => {
      const traces = new Map();
      for (const { traceId } of this.sent) {
        if (!traces.has(traceId)) traces.set(traceId, await this.throughline.readTrace(traceId).catch(() => null));
      }
      return this.sent.map(({ traceId, spanId }) => traces.get(traceId)?.spans.filter((span) => span.spanId === spanId).length ?? 0);
    };
    let counts = [];
    await until(`all of ${this.run} are in the store`, async () => (counts = await found()).every((count) => count > 0), {
      deadlineMillis,
      intervalMillis: 250,
      otherwise: () => `${counts.filter((count) => count === 0).length} of ${counts.length} missing`,
    });
    expect(counts.filter((count) => count !== 1)).toEqual([]);
  }

  /** How often each span of the requests was in a body that the collector took. */
  accepted() {
    const bodies = this.app.received('/collector/v1/traces', ({ status }) => status === 200).map(({ body }) => body);
    return this.sent.map(({ spanId }) => bodies.filter((body) => body.includes(Buffer.from(spanId, 'hex'))).length);
  }
}

const COLLECTOR = { 'data-endpoint': '/collector' };

test.beforeEach(({ app, throughline }) => {
  app.collectorAnswer = undefined;
  app.collectorUrl = throughline.ingestUrl;
});

test('closed, left, reloaded and in two tabs at once', async ({ context, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service);
  const [first, second] = [await context.newPage(), await context.newPage()];
  await Promise.all([first.goto(counting.url), second.goto(counting.url)]);
  await Promise.all([counting.click(first, 3), counting.click(second, 3)]);
  await first.reload();
  await counting.click(first, 2);
  await first.goto(`${app.origin}/pages/elsewhere.html`);
  await press(second, second.locator('#leave'));
  await expect(second).toHaveTitle('Elsewhere');
  await first.goto(counting.url);
  await counting.click(first, 2);
  await first.close({ runBeforeUnload: true });
  await until('the tab is closed', () => first.isClosed());
  await counting.expectAllOnce(18);
});

test('a burst of 5,000 spans right before the tab is closed', async ({ context, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service);
  const page = await context.newPage();
  await page.goto(counting.url);
  await pause(2_000);
  await page.evaluate(() => burst(5_000));
  await page.close({ runBeforeUnload: true });
  await until('the tab is closed', () => page.isClosed());
  const [trace] = await until('part of the burst has arrived', async () => {
    const traces = (await throughline.tracesOf(service)).filter((candidate) => candidate.find(/^work /));
    return traces[0] && traces;
  });
  const next = await context.newPage();
  await next.goto(counting.url);
  let seen;
  await until('the next page has delivered the rest', async () => (seen = await throughline.readTrace(trace.traceId)).spans.length >= 5_001, {
    otherwise: () => `${seen.spans.length} spans`,
  });
  expect(new Set(seen.spans.map(({ name }) => name)).size).toBe(5_001);
  expect(seen.spans).toHaveLength(5_001);
});

test('a minute without the server, and a minute offline', async ({ browser, app, throughline, ownThroughline, service }) => {
  test.setTimeout(240_000);
  const unserved = new Counting(app, ownThroughline, service);
  const offline = new Counting(app, throughline, service);
  const contexts = [await browser.newContext(), await browser.newContext()];
  const [left, kept, cut] = [await contexts[0].newPage(), await contexts[0].newPage(), await contexts[1].newPage()];
  await Promise.all([left.goto(unserved.url), kept.goto(unserved.url), cut.goto(offline.url)]);
  // It has the vault, and comes from the server that is about to stop.
  await Promise.all([left, kept, cut].map(lateHalf));
  await ownThroughline.stop();
  await contexts[1].setOffline(true);
  const since = Date.now();
  await Promise.all([unserved.click(left, 2), unserved.click(kept, 2), offline.click(cut, 2)]);
  // One page goes while nothing can be delivered, and is followed by another.
  await pause(20_000);
  await unserved.click(left, 1);
  await left.goto(`${app.origin}/pages/elsewhere.html`);
  await left.goto(unserved.url);
  await unserved.click(left, 1);
  await pause(since + 60_000 - Date.now());
  await ownThroughline.restart();
  await contexts[1].setOffline(false);
  await offline.click(cut, 1);
  // What was asked for offline never arrived at the backend; its spans say so.
  await offline.expectAllOnce(3);
  const failed = (await throughline.tracesOf(service)).flatMap((trace) => trace.all('GET /api/count')).filter(({ status }) => status === 'error');
  expect(failed).toHaveLength(6);
  await unserved.expectAllOnce(18, 100_000);
  await Promise.all(contexts.map((context) => context.close()));
});

test('waits as long as the server asks, in seconds or until a date', async ({ page, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service, COLLECTOR);
  const asked = [];
  app.collectorAnswer = ({ path, receivedMillis }) => {
    if (!path.endsWith('/traces')) return undefined;
    asked.push(receivedMillis);
    // A date has whole seconds: up to one of them is cut off.
    const later = ['3', new Date(Date.now() + 5_000).toUTCString()][asked.length - 1];
    return later && { status: asked.length === 1 ? 429 : 503, headers: { 'retry-after': later } };
  };
  await page.goto(counting.url);
  await counting.click(page);
  await counting.expectAllOnce(3);
  expect(asked[1] - asked[0]).toBeGreaterThanOrEqual(2_990);
  expect(asked[2] - asked[1]).toBeGreaterThanOrEqual(3_990);
  expect(counting.accepted()).toEqual([1, 1, 1]);
});

test('a batch that is too large for the server is sent in parts', async ({ page, app, throughline, service }) => {
  const complaints = complaintsOf(page);
  const counting = new Counting(app, throughline, service, COLLECTOR);
  let refused = 0;
  app.collectorAnswer = ({ path, body }) => {
    if (!path.endsWith('/traces') || body.length < 60_000) return undefined;
    refused++;
    return { status: 413 };
  };
  await page.goto(counting.url);
  await counting.click(page);
  await page.evaluate(() => burst(2_000));
  await counting.expectAllOnce(3);
  await until('all of the burst is in the store', async () => (await throughline.tracesOf(service)).some((trace) => trace.all(/^work /).length === 2_000));
  expect(refused).toBeGreaterThan(0);
  expect(complaints.errors).toEqual([]);
});

/** An OTLP answer with a partial success. */
function partialSuccess(rejected, message) {
  const text = Buffer.from(message);
  const partial = Buffer.concat([Buffer.from([0x08, rejected, 0x12, text.length]), text]);
  return Buffer.concat([Buffer.from([0x0a, partial.length]), partial]);
}

test('what the server rejects is counted and said once', async ({ page, app, throughline, service }) => {
  const complaints = complaintsOf(page);
  const counting = new Counting(app, throughline, service, COLLECTOR);
  const answers = [
    { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: partialSuccess(2, 'too old') },
    { status: 403 },
  ];
  app.collectorAnswer = ({ path }) => (path.endsWith('/traces') ? (answers.shift() ?? { status: 403 }) : undefined);
  await page.goto(counting.url);
  await page.evaluate(() => throughline.flush());
  await counting.click(page);
  const dropped = await until('the drops are reported', () => {
    const bodies = app.received('/collector/v1/metrics').map(({ body }) => body.toString('latin1'));
    return bodies.some((body) => body.includes('rejected')) && bodies;
  });
  expect(dropped.join('')).toContain('throughline');
  await until('the server has refused twice', () => app.received('/collector/v1/traces').filter(({ status }) => status === 403).length >= 2 || counting.click(page).then(() => false), { intervalMillis: 1_000 });
  const said = complaints.console.filter((text) => text.includes('[throughline]'));
  expect(said).toEqual([expect.stringContaining('answered 200 and lost records'), expect.stringContaining('answered 403 and lost records')]);
  expect(complaints.errors).toEqual([]);
});

test('what a page could not deliver, one of the others does, once', async ({ context, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service, COLLECTOR);
  app.collectorUrl = undefined;
  const pages = [await context.newPage(), await context.newPage(), await context.newPage()];
  for (const page of pages) await page.goto(counting.url);
  const [first, ...others] = pages;
  await counting.click(first, 2);
  await until('the collector has refused', () => app.received('/collector/v1/traces', ({ body }) => counting.sent[0] && body.includes(Buffer.from(counting.sent[0].spanId, 'hex')))[0]);
  const senders = () => app.received('/collector/v1/traces', ({ body }) => body.includes(Buffer.from(counting.sent[0].spanId, 'hex'))).length;

  // While it lives, nobody else touches what is its own: looking again, both find nothing of theirs to send.
  const before = senders();
  const lookAgain = (page) => page.evaluate(() => { dispatchEvent(new Event('online')); });
  await Promise.all(others.map(lookAgain));
  await pause(500);
  await first.close({ runBeforeUnload: true });
  await until('the page is closed', () => first.isClosed());
  expect(senders() - before).toBeLessThanOrEqual(2);

  app.collectorUrl = throughline.ingestUrl;
  await Promise.all(others.map(lookAgain));
  await counting.expectAllOnce(6);
  expect(counting.accepted()).toEqual([1, 1, 1, 1, 1, 1]);
});

for (const [title, deny] of [
  ['IndexedDB throws', () => Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } })],
  ['IndexedDB is missing', () => Object.defineProperty(window, 'indexedDB', { value: undefined })],
  ['Web Locks are missing', () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })],
  ['CompressionStream is missing', () => { delete window.CompressionStream; }],
]) {
  test(`a page where ${title} delivers from memory`, async ({ page, app, throughline, service }) => {
    const complaints = complaintsOf(page);
    const counting = new Counting(app, throughline, service, COLLECTOR);
    app.collectorUrl = undefined;
    await page.addInitScript(deny);
    await page.goto(counting.url);
    await counting.click(page, 2);
    await until('the collector has refused', () => app.received('/collector/v1/traces').length > 0);
    await page.evaluate(() => burst(500));
    app.collectorUrl = throughline.ingestUrl;
    await counting.expectAllOnce(6);
    expect(complaints.errors).toEqual([]);
  });
}

test('a page whose quota is used up delivers from memory', async ({ page, app, throughline, service }) => {
  const complaints = complaintsOf(page);
  const counting = new Counting(app, throughline, service, COLLECTOR);
  app.collectorUrl = undefined;
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: app.origin, quotaSize: 1 });
  await page.goto(counting.url);
  await counting.click(page, 2);
  await page.evaluate(() => burst(1_000));
  await until('the collector has refused', () => app.received('/collector/v1/traces').length > 0);
  const stored = () => page.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.open('throughline');
    request.onerror = () => resolve(0);
    request.onsuccess = () => {
      if (!request.result.objectStoreNames.contains('parts')) return resolve(0);
      const count = request.result.transaction('parts').objectStore('parts').count();
      count.onsuccess = () => resolve(count.result);
      count.onerror = reject;
    };
  }));
  expect(await stored()).toBe(0);
  app.collectorUrl = throughline.ingestUrl;
  await counting.expectAllOnce(6);
  expect(complaints.errors).toEqual([]);
});

// ---- the life of a page ----

/** A browser with what Playwright switches off by default: the cache of pages for the way back. */
async function withWayBack(use) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--enable-features=BackForwardCache'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  try {
    await use(await browser.newContext());
  } finally {
    await browser.close();
  }
}

test('a page is kept for the way back, and goes on when it is shown again', async ({ app, throughline, service }) => {
  await withWayBack(async (context) => {
    // What must not be stored is not kept for the way back either.
    const counting = new Counting(app, throughline, service, COLLECTOR, { 'cache-control': 'max-age=0' });
    app.collectorUrl = undefined;
    const page = await context.newPage();
    await page.goto(counting.url);
    await counting.click(page);
    // It holds something that was refused, with all that goes with it: a vault, a lock, a timer.
    await until('the collector has refused', () => counting.sent[0] && app.received('/collector/v1/traces', ({ body }) => body.includes(Buffer.from(counting.sent[0].spanId, 'hex')))[0]);
    await pause(1_500);
    await page.evaluate((url) => { location.href = url; }, `${app.origin}/pages/elsewhere.html`);
    await until('the page is left', async () => (await page.title().catch(() => '')) === 'Elsewhere');
    await page.evaluate(() => history.back()).catch(() => {});
    await until('the page is back', async () => (await page.title().catch(() => '')) === 'A page that counts');
    const reasons = await page.evaluate(() => JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons));
    expect(await page.locator('html').getAttribute('data-persisted'), reasons).toBe('true');

    app.collectorUrl = throughline.ingestUrl;
    await counting.click(page);
    await counting.expectAllOnce(6);
    const again = (trace) => trace.roots[0].attributes['browser.navigation.type'] === 'back_forward_cache';
    const load = await throughline.waitForTraceOf(service, again, 'of the way back');
    expect(load.roots[0].name).toMatch(/^load /);
  });
});

test('a prerendered page sends nothing until it is shown', async ({ app, throughline, service }, info) => {
  const counting = new Counting(app, throughline, service, COLLECTOR);
  // A page that is watched with developer tools is not prerendered, so this one is left to itself.
  const url = `${app.origin}/pages/delivery-prerender.html?to=${encodeURIComponent(counting.url)}`;
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', `--user-data-dir=${info.outputPath('profile')}`, url];
  const browser = spawn(process.env.CHROMIUM_BIN ?? '/usr/bin/chromium', args, { stdio: 'ignore', detached: true });
  try {
    const leaving = await app.waitForRequest('/api/leaving');
    expect(counting.sent).toHaveLength(3);
    await counting.expectAllOnce(3);
    const own = app.received('/collector/v1/traces', ({ body }) => body.includes(service));
    expect(own.filter(({ receivedMillis }) => receivedMillis < leaving.receivedMillis)).toEqual([]);
    const shown = (trace) => trace.roots[0].attributes['browser.navigation.type'] === 'prerender';
    await throughline.waitForTraceOf(service, shown, 'of the page being shown');
  } finally {
    process.kill(-browser.pid, 'SIGKILL');
  }
});

test('a page that is frozen and resumed loses nothing', async ({ page, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service, COLLECTOR);
  const session = await page.context().newCDPSession(page);
  await page.goto(counting.url);
  app.collectorUrl = undefined;
  await counting.click(page, 2);
  await expect(page.locator('#answers')).toHaveText('6');
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await pause(3_000);
  app.collectorUrl = throughline.ingestUrl;
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await counting.click(page, 1);
  await counting.expectAllOnce(9);
});

/** The page's wall clock is so many milliseconds ahead, from a moment on that the page decides. */
function tamperWithClock(millis) {
  const real = Date.now;
  window.ahead = millis;
  Date.now = () => real() + window.ahead;
}

test('after a sleep spans have the time of the wall clock again', async ({ page, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service);
  await page.addInitScript(tamperWithClock, 0);
  await page.goto(counting.url);
  await counting.click(page);
  await throughline.waitForTraceOf(service, (trace) => trace.find(/^click/) && trace.all('GET /api/count').length === 3, 'of the click before');
  await page.evaluate(() => { throughline.trace('over the sleep', () => new Promise((resolve) => { window.wake = resolve; })); });
  await pause(1_500);
  // `performance.now()` stands still while the machine sleeps: seen from it, the wall clock leaps.
  await page.evaluate(() => { window.ahead = 3_600_000; wake(); });
  await counting.click(page);
  await counting.expectAllOnce(6);
  const spans = (await until('the span over the sleep is there', async () => {
    const traces = await throughline.tracesOf(service);
    return traces.some((trace) => trace.find('over the sleep')) && traces;
  })).flatMap((trace) => trace.spans);
  const hour = 3_600_000_000_000n;
  const now = BigInt(Date.now()) * 1_000_000n;
  const isLater = ({ startNanos }) => startNanos > now + hour / 2n;
  const requests = spans.filter(({ name }) => name === 'GET /api/count');
  expect(requests.filter(isLater)).toHaveLength(3);
  expect(requests.filter((span) => !isLater(span))).toHaveLength(3);
  for (const { startNanos, endNanos, name } of spans) {
    expect(endNanos >= startNanos, name).toBe(true);
    if (name !== 'over the sleep') expect(endNanos - startNanos < hour / 2n, name).toBe(true);
  }
});

test('actions tell how far the server is ahead', async ({ page, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service);
  await page.addInitScript(tamperWithClock, -7_200_000);
  await page.goto(counting.url);
  await page.evaluate(() => throughline.flush());
  await pause(1_000);
  await counting.click(page);
  await counting.expectAllOnce(3);
  const click = await throughline.waitForTraceOf(service, (trace) => trace.find(/^click/), 'of the click');
  const offset = click.find(/^click/).attributes['throughline.clock_offset_ms'];
  expect(Math.abs(offset - 7_200_000)).toBeLessThan(1_000);
});

test('sends the headers that the page configured, to a path of its own origin', async ({ page, app, throughline, service }) => {
  const counting = new Counting(app, throughline, service, { 'data-endpoint': '/collector/', 'data-headers': 'x-api-key=secret one' });
  await page.goto(counting.url);
  await counting.click(page);
  await page.evaluate(() => throughline.flush());
  await counting.expectAllOnce(3);
  expect(app.received('/collector/v1/traces').at(-1).headers['x-api-key']).toBe('secret one');
});

test('an endpoint that cannot be reached is named once', async ({ page, app, throughline, service }) => {
  const complaints = complaintsOf(page);
  // A server that allows other origins than the page's: the browser refuses, as an extension or its own rules would.
  const counting = new Counting(app, throughline, service, { 'data-endpoint': throughline.viewerUrl });
  await page.goto(counting.url);
  await counting.click(page);
  const said = () => complaints.console.filter((text) => text.includes('[throughline]'));
  await until('it is said', () => said().length);
  await pause(5_000);
  expect(said()).toEqual([expect.stringContaining('cannot reach')]);
  expect(complaints.errors).toEqual([]);
});

test('a browser that crashes loses only what its last moments held', async ({ app, throughline, service }, info) => {
  const counting = new Counting(app, throughline, service, COLLECTOR);
  const profile = info.outputPath('profile');
  const launch = () => chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  app.collectorUrl = undefined;
  const context = await launch();
  const page = await context.newPage();
  await page.goto(counting.url);
  await counting.click(page, 2);
  await expect(page.locator('#answers')).toHaveText('6');
  await until('the collector has refused', () => app.received('/collector/v1/traces', ({ body }) => counting.sent.every(({ spanId }) => body.includes(Buffer.from(spanId, 'hex'))))[0]);
  await pause(2_000);
  // SIGKILL: the browser's main process holds its profile, and names itself in the profile's lock.
  const main = Number((await readlink(join(profile, 'SingletonLock'))).split('-').at(-1));
  const closed = new Promise((resolve) => context.once('close', resolve));
  process.kill(main, 'SIGKILL');
  await closed;
  await rm(join(profile, 'SingletonLock'), { force: true });

  app.collectorUrl = throughline.ingestUrl;
  const again = await launch();
  await (await again.newPage()).goto(counting.url);
  await counting.expectAllOnce(6);
  await again.close();
});
