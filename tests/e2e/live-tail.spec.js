// A list that follows what arrives: told by the server, over lost connections, and only while somebody looks.

import { createServer, connect } from 'node:net';

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
import { until } from '../harness/poll.js';
import { Throughline } from '../harness/throughline.js';

const rows = (page) => page.locator('ol.trace-list > li');
const said = (page) => page.getByRole('status').filter({ hasText: 'Live:' });
const following = (page) => expect(said(page)).toContainText('arrived');
const visit = (service) => makeTrace({ name: 'click "Pay"', service, tookMillis: 40 }).body;
const isTail = (request) => request.url().includes('/api/v1/search/tail');

/** The requests for a stream, and how many of them have ended. */
function watchTails(page) {
  const tails = { opened: [], ended: 0 };
  page.on('request', (request) => isTail(request) && tails.opened.push(request));
  for (const event of ['requestfailed', 'requestfinished']) page.on(event, (request) => isTail(request) && (tails.ended += 1));
  return tails;
}

const show = (page, visible) =>
  page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, visible ? 'visible' : 'hidden');

/** Passes connections on to a server, and cuts them when it is told to. */
class Cable {
  static async to(url) {
    const cable = new Cable();
    const { hostname, port } = new URL(url);
    cable.sockets = new Set();
    cable.sent = '';
    cable.server = createServer((browser) => {
      const upstream = connect({ host: hostname, port: Number(port) });
      browser.on('data', (bytes) => (cable.sent += bytes.toString('latin1')));
      for (const [one, other] of [[browser, upstream], [upstream, browser]]) {
        cable.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => { cable.sockets.delete(one); other.destroy(); });
        one.pipe(other);
      }
    });
    await cable.plug(0);
    return cable;
  }

  async plug(port = this.port) {
    await new Promise((resolve) => this.server.listen(port, 'localhost', resolve));
    this.port = this.server.address().port;
  }

  async cut() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  get url() {
    return `http://localhost:${this.port}`;
  }
}

test('what arrives is in the list without being searched for again', async ({ page, throughline, service, complaints }) => {
  const searches = [];
  page.on('request', (request) => request.url().includes('/api/v1/search?') && searches.push(request.url()));
  await page.goto(`${throughline.viewerUrl}/search?service=${service}&live=1`);
  await expect(said(page)).toContainText('0 traces arrived');
  // Once as the page opens, and once for what came before the stream was open.
  await expect.poll(() => searches.length).toBe(2);
  for (let count = 1; count <= 3; count += 1) {
    await throughline.sendTraces(visit(service));
    await throughline.sendTraces(visit(`${service}-other`));
    await expect(rows(page)).toHaveCount(count);
  }
  await expect(said(page)).toContainText('3 traces arrived');
  expect(searches.length).toBe(2);
  await page.getByRole('button', { name: 'Live' }).click();
  await expect(said(page)).toHaveCount(0);
  expect(complaints.errors).toEqual([]);
});

test('a trace that no longer matches leaves the list', async ({ page, throughline, service }) => {
  const lone = makeTrace({ name: 'lone', service, tookMillis: 40 });
  await throughline.sendTraces(lone.body);
  const query = `{ resource.service.name = "${service}" } | count() = 1`;
  await page.goto(`${throughline.viewerUrl}/search?q=${encodeURIComponent(query)}&live=1`);
  await following(page);
  await expect(rows(page)).toHaveCount(1);
  const grown = structuredClone(lone.body);
  for (const { scopeSpans } of grown.resourceSpans) for (const { spans } of scopeSpans) for (const span of spans) span.spanId = 'abcdefabcdefabcd';
  await throughline.sendTraces(grown);
  await expect(rows(page)).toHaveCount(0);
});

test('more than can be looked at in time is counted', async ({ page, throughline, service }) => {
  await page.goto(`${throughline.viewerUrl}/search?service=${service}&live=1`);
  await following(page);
  const many = Array.from({ length: 260 }, () => visit(service).resourceSpans).flat();
  await throughline.sendTraces({ resourceSpans: many });
  await expect(said(page)).toContainText(/arrived; \d+ more not looked at/);
});

test('a connection that is lost is taken up where it was', async ({ page, throughline, service }) => {
  const cable = await Cable.to(throughline.viewerUrl);
  try {
    await page.goto(`${cable.url}/search?service=${service}&live=1`);
    await following(page);
    await throughline.sendTraces(visit(service));
    await expect(rows(page)).toHaveCount(1);
    await cable.cut();
    await expect(said(page)).toContainText('interrupted');
    await throughline.sendTraces(visit(service));
    cable.sent = '';
    await cable.plug();
    await following(page);
    await expect(rows(page)).toHaveCount(2);
    expect(cable.sent).toMatch(/last-event-id: \d+-\d+/i);
  } finally {
    await cable.cut();
  }
});

test('a server that was started again is asked for what was missed', async ({ page, service }) => {
  const server = await Throughline.start();
  try {
    await page.goto(`${server.viewerUrl}/search?service=${service}&live=1`);
    await following(page);
    await server.stop();
    await expect(said(page)).toContainText('interrupted');
    await server.restart();
    await server.sendTraces(visit(service));
    await following(page);
    await expect(rows(page)).toHaveCount(1);
  } finally {
    await server.dispose();
  }
});

test('a page that nobody sees and one that is left have no stream', async ({ page, throughline, service }) => {
  const tails = watchTails(page);
  await page.goto(`${throughline.viewerUrl}/search?service=${service}&live=1`);
  await following(page);
  expect(tails.opened.length).toBe(1);
  await show(page, false);
  await expect.poll(() => tails.ended).toBe(1);
  await throughline.sendTraces(visit(service));
  await show(page, true);
  await expect(rows(page)).toHaveCount(1);
  expect(tails.opened.length).toBe(2);
  expect((await tails.opened[1].allHeaders())['last-event-id']).toMatch(/^\d+-\d+$/);
  await page.getByRole('navigation').getByRole('link', { name: 'Services' }).click();
  await expect.poll(() => tails.ended).toBe(2);
});

test('whoever signs out is told nothing more', async ({ page, service }) => {
  const server = await Throughline.start();
  const token = 'the-token-of-those-who-view';
  const tails = watchTails(page);
  try {
    await server.stop();
    await server.launch('127.0.0.1:0', '127.0.0.1:0', 'localhost:0', '127.0.0.1:0', { args: ['--tokens', 'vera view env:VIEW_TOKEN'], env: { VIEW_TOKEN: token } });
    await page.goto(`${server.viewerUrl}/search?service=${service}&live=1`);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await following(page);
    const opened = tails.opened.length;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByRole('heading', { name: 'Sign in with a token' })).toBeVisible();
    await until('the stream has ended', () => tails.ended === opened);
    expect(tails.opened.length).toBe(opened);
  } finally {
    await server.dispose();
  }
});
