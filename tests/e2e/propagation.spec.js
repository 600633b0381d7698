// The headers that carry a trace on, read by the propagators that services really use.

import { ROOT_CONTEXT, defaultTextMapGetter, propagation, trace as api } from '@opentelemetry/api';
import { CloudPropagator } from '@google-cloud/opentelemetry-cloud-trace-propagator';
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace';

import { act } from '../harness/act.js';
import { expect, test } from '../harness/fixtures.js';
import { PageServer } from '../harness/page-server.js';

/** Our name of a format → the upstream propagator that reads it. */
const READERS = {
  tracecontext: new W3CTraceContextPropagator(),
  b3: new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
  b3multi: new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  jaeger: new JaegerPropagator(),
  ottrace: new OTTracePropagator(),
  xcloud: new CloudPropagator(),
  xray: new AWSXRayPropagator(),
};
const CONTEXT_HEADER = /^(traceparent|tracestate|baggage|b3|x-b3-.*|uber.*|ot-.*|x-cloud-trace-context|x-amzn-trace-id)$/;

const contextOf = (propagator, { headers }) => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
const carriedNames = ({ headers }) => Object.keys(headers).filter((name) => CONTEXT_HEADER.test(name)).sort();

/** Asks the page's own server once by fetch and once by XMLHttpRequest; returns what it received. */
async function ask(page, app, path) {
  await act(
    page,
    async (path) => {
      await (await fetch(path)).text();
      await new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.onloadend = resolve;
        request.open('GET', path);
        request.send();
      });
    },
    path,
  );
  const seen = app.received(path);
  expect(seen).toHaveLength(2);
  return seen;
}

for (const [propagator, reader] of Object.entries(READERS)) {
  test(`${propagator}: the upstream propagator reads the request's own span`, async ({ page, app, throughline, service }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagators': propagator }) }));
    const path = `/api/format/${propagator}/${service}`;
    const seen = await ask(page, app, path);
    const spans = seen.map((request) => api.getSpanContext(contextOf(reader, request)));
    for (const [at, span] of spans.entries()) {
      expect(span, JSON.stringify(seen[at].headers)).toMatchObject({ isRemote: true, traceFlags: 1 });
      // What upstream itself would send for this span is, header by header, what we sent.
      const upstream = {};
      reader.inject(api.setSpanContext(ROOT_CONTEXT, span), upstream, { set: (carrier, key, value) => (carrier[key.toLowerCase()] = String(value)) });
      expect(Object.fromEntries(carriedNames(seen[at]).map((name) => [name, seen[at].headers[name]]))).toEqual(upstream);
    }
    // A service behind it would continue the very trace, below the very spans, that the page sent to us.
    const trace = await throughline.waitForTrace(spans[0].traceId, (read) => spans.every(({ spanId }) => read.byId.has(spanId)));
    for (const { spanId } of spans) expect(trace.byId.get(spanId)).toMatchObject({ kind: 'client', attributes: { 'http.request.method': 'GET' } });
  });
}

test('by default a request carries W3C Trace Context and nothing else', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  for (const request of await ask(page, app, `/api/default/${service}`)) expect(carriedNames(request).filter((name) => name !== 'tracestate')).toEqual(['traceparent']);
});

test("X-Ray's trace ids begin with their time, also beside W3C", async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagators': 'tracecontext,xray' }) }));
  const [request] = await ask(page, app, `/api/xray-time/${service}`);
  const { traceId, spanId } = api.getSpanContext(contextOf(READERS.xray, request));
  expect(api.getSpanContext(contextOf(READERS.tracecontext, request))).toMatchObject({ traceId, spanId });
  expect(Math.abs(parseInt(traceId.slice(0, 8), 16) - Date.now() / 1_000)).toBeLessThan(60);
});

test('a context that the application sets in a chosen format stands alone', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagators': 'tracecontext,b3,baggage', 'data-baggage': 'shop=north' }) }));
  const b3 = `${'a'.repeat(32)}-${'b'.repeat(16)}-0`;
  await act(
    page,
    async (b3) => {
      await fetch('/api/own-b3?n=1', { headers: { B3: b3 } });
      await fetch(new Request('/api/own-b3?n=2', { headers: { b3 } }));
      const request = new XMLHttpRequest();
      request.open('GET', '/api/own-b3?n=3');
      request.setRequestHeader('B3', b3);
      request.send();
      await new Promise((resolve) => (request.onloadend = resolve));
      await fetch('/api/own-b3?n=4', { headers: { baggage: 'own=1' } });
      await fetch('/api/own-b3?n=5', { headers: { 'x-b3-traceid': 'not chosen' } });
    },
    b3,
  );
  const seen = app.received('/api/own-b3');
  expect(seen).toHaveLength(5);
  for (const request of seen.slice(0, 3)) {
    expect(request.headers.b3).toBe(b3);
    expect(carriedNames(request)).toEqual(['b3', 'baggage']);
  }
  expect(seen[3].headers.baggage).toBe('own=1');
  for (const request of seen.slice(3)) expect(carriedNames(request)).toEqual(expect.arrayContaining(['b3', 'baggage', 'traceparent']));
});

test('baggage comes from the tag and from the page, and upstream reads it', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagators': 'tracecontext,baggage,jaeger,ottrace', 'data-baggage': 'shop=north, plan = gold' }) }));
  await page.evaluate(() => window.throughline.baggage({ 'booking.id': '42', user: 'Jürgen, "x"', plan: null }));
  const [first] = await ask(page, app, `/api/baggage/${service}`);
  const read = (propagator, request) => Object.fromEntries(propagation.getBaggage(contextOf(propagator, request)).getAllEntries().map(([key, { value }]) => [key, value]));
  const expected = { shop: 'north', 'booking.id': '42', user: 'Jürgen, "x"' };
  expect(read(new W3CBaggagePropagator(), first)).toEqual(expected);
  expect(read(READERS.jaeger, first)).toEqual(expected);
  // OpenTracing's values are not encoded, so a header cannot hold the one beyond ASCII.
  expect(read(READERS.ottrace, first)).toEqual({ shop: 'north', 'booking.id': '42' });
  await page.evaluate(() => window.throughline.baggage({ shop: null, 'booking.id': null, user: null }));
  const [second] = await ask(page, app, `/api/no-baggage/${service}`);
  expect(second.headers.baggage).toBeUndefined();
});

test.describe('other origins', () => {
  /** @type {PageServer} */
  let other;
  test.beforeAll(async () => {
    other = await PageServer.start();
  });
  test.afterAll(() => other.dispose());

  test('a wildcard allows the names below it and no other origin', async ({ page, app, throughline, service }) => {
    const { port } = new URL(other.origin);
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagate': `http://*.shop.localhost:${port}` }) }));
    const urls = [`http://api.shop.localhost:${port}`, `http://a.b.shop.localhost:${port}`, `http://shop.localhost:${port}`, `http://evilshop.localhost:${port}`, other.origin];
    await act(page, async (urls) => { for (const url of urls) await fetch(`${url}/api/wild?cors=1`); }, urls);
    const seen = other.received('/api/wild').map(({ method, headers }) => [method, headers.host.split(':')[0], 'traceparent' in headers]);
    expect(seen).toEqual([
      ['OPTIONS', 'api.shop.localhost', false],
      ['GET', 'api.shop.localhost', true],
      ['OPTIONS', 'a.b.shop.localhost', false],
      ['GET', 'a.b.shop.localhost', true],
      ['GET', 'shop.localhost', false],
      ['GET', 'evilshop.localhost', false],
      ['GET', '127.0.0.1', false],
    ]);
  });

  test('no-cors requests, beacons and sandboxed frames cause no preflight', async ({ page, app, throughline, service, complaints }) => {
    const tag = throughline.tag(service, { crossorigin: true });
    await page.goto(app.publish('requests.html', { tag }));
    await act(
      page,
      async ([url, frame]) => {
        await fetch(`${url}/api/plain`, { mode: 'no-cors' });
        navigator.sendBeacon(`${url}/api/plain`, 'text');
        const element = document.createElement('iframe');
        element.sandbox = 'allow-scripts';
        element.src = frame;
        document.body.append(element);
      },
      [other.origin, app.publish('sandboxed.html', { tag, headers: { 'access-control-allow-origin': '*' } })],
    );
    await app.waitForRequest('/api/from-sandbox');
    await other.waitForRequest('/api/plain', ({ method }) => method === 'POST');
    expect(other.received('/api/plain').map(({ method }) => method)).toEqual(['GET', 'POST']);
    // The frame's origin is opaque: the page's own server is another origin to it, and it is not on the list.
    const own = app.received('/api/from-sandbox');
    expect(own.map(({ method }) => method)).toEqual(['GET']);
    expect(carriedNames(own[0])).toEqual([]);
    expect(complaints.errors).toEqual([]);
  });
});
