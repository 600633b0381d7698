// What the tracer adds to requests, what it never adds, and what it never tells.

import { act } from '../harness/act.js';
import { expect, press, test } from '../harness/fixtures.js';
import { PageServer, propagatedBy } from '../harness/page-server.js';
import { until } from '../harness/poll.js';
import { expectTrace } from '../harness/trace.js';

test.describe('another origin', () => {
  /** @type {PageServer} */
  let other;
  test.beforeAll(async () => {
    other = await PageServer.start();
  });
  test.afterAll(() => other.dispose());

  test('gets no header and no preflight', async ({ page, app, throughline, service, complaints }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
    const before = other.requests.length;
    await act(
      page,
      async (url) => {
        await fetch(`${url}&via=fetch`);
        const request = new XMLHttpRequest();
        request.open('GET', `${url}&via=xhr`);
        request.send();
        await new Promise((resolve) => (request.onloadend = resolve));
        await fetch('/api/here');
      },
      `${other.origin}/api/there?cors=1`,
    );
    const seen = other.requests.slice(before);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
    for (const { headers } of seen) expect(Object.keys(headers).filter((name) => ['traceparent', 'tracestate', 'baggage'].includes(name))).toEqual([]);
    // It was at work all the while: the same click's request to the page's own origin carries a context,
    // and the requests to the other origin are spans of the same trace.
    const carried = propagatedBy(app.received('/api/here').at(-1));
    expect(carried).not.toBeNull();
    const trace = await throughline.waitForTrace(carried.traceId, (read) => read.all('GET /api/there').length === 2);
    for (const span of trace.all('GET /api/there')) expect(span.attributes['url.full']).toContain(other.origin);
    expect(complaints.errors).toEqual([]);
  });

  test('gets the header where data-propagate names it', async ({ page, app, throughline, service }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-propagate': `https://elsewhere.example, ${other.origin}` }) }));
    const before = other.requests.length;
    await act(page, async (url) => { await fetch(url); }, `${other.origin}/api/allowed?cors=1`);
    const seen = other.requests.slice(before);
    expect(seen.map(({ method }) => method)).toEqual(['OPTIONS', 'GET']);
    const carried = propagatedBy(seen[1]);
    expect(carried).not.toBeNull();
    const trace = await throughline.waitForTrace(carried.traceId, (read) => read.byId.has(carried.spanId));
    expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'GET /api/allowed']);
  });
});

test('a context that the application set itself is left alone', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  const before = app.received('/api/own').length;
  await act(
    page,
    async (traceparent) => {
      await fetch('/api/own?n=1', { headers: { traceparent } });
      await fetch('/api/own?n=2', { headers: [['Traceparent', traceparent]] });
      await fetch('/api/own?n=3', { headers: new Headers({ traceparent }) });
      await fetch(new Request('/api/own?n=4', { headers: { traceparent } }));
      const request = new XMLHttpRequest();
      request.open('GET', '/api/own?n=5');
      request.setRequestHeader('traceparent', traceparent);
      request.send();
      await new Promise((resolve) => (request.onloadend = resolve));
      await fetch('/api/own?n=6');
    },
    own,
  );
  const seen = app.received('/api/own').slice(before);
  expect(seen.slice(0, 5).map(({ headers }) => headers.traceparent)).toEqual(Array(5).fill(own));
  // Presence: where the application sets none, one is added.
  expect(propagatedBy(seen[5])).not.toBeNull();
  expect(seen[5].headers.traceparent).not.toBe(own);
});

test('each way of giving headers keeps them and adds one context', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const before = app.received('/api/ways').length;
  await act(page, async () => {
    const headers = { 'x-own': 'kept' };
    await fetch('/api/ways', { headers });
    await fetch('/api/ways', { headers: Object.entries(headers) });
    await fetch('/api/ways', { headers: new Headers(headers) });
    await fetch(new Request('/api/ways', { headers }));
    await fetch(new Request('/api/ways'), { headers });
    await fetch(new Request('/api/ways', { method: 'POST', headers, body: 'b' }));
    await fetch(new URL('/api/ways', location.href), { headers });
    const request = new XMLHttpRequest();
    request.open('GET', '/api/ways');
    request.setRequestHeader('x-own', 'kept');
    request.send();
    await new Promise((resolve) => (request.onloadend = resolve));
  });
  const seen = app.received('/api/ways').slice(before);
  expect(seen).toHaveLength(8);
  for (const request of seen) {
    expect(request.headers['x-own']).toBe('kept');
    expect(propagatedBy(request), request.headers.traceparent).not.toBeNull();
  }
  expect(new Set(seen.map((request) => propagatedBy(request).spanId)).size).toBe(8);
  expect(new Set(seen.map((request) => propagatedBy(request).traceId)).size).toBe(1);
});

test('its own export is never traced, even at the origin of the page', async ({ page, app, throughline, service, complaints }) => {
  app.collectorUrl = throughline.ingestUrl;
  const before = app.received('/collector/v1/traces').length;
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector' }) }));
  await act(page, async () => { await fetch('/api/one'); await fetch('/api/two'); });
  await page.evaluate(() => window.throughline.flush());
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/two')), 'of the act');
  expectTrace(trace).isWhole().has('GET /api/one');
  const exports = () => app.received('/collector/v1/traces').slice(before);
  expect(exports().length).toBeGreaterThan(0);
  for (const { headers } of exports()) expect(headers.traceparent).toBeUndefined();
  // A loop would go on by itself: whatever the page sends in a while of silence is nothing but what it had left.
  const settled = await until('the exports come to rest', async () => {
    const count = exports().length;
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 6_000)));
    return exports().length === count ? count : undefined;
  }, { deadlineMillis: 60_000 });
  expect(settled).toBeLessThan(10);
  for (const own of await throughline.tracesOf(service)) expectTrace(own).hasNo({ attributes: { 'url.full': /\/v1\/traces/ } });
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('a tag that stands twice in the page traces once', async ({ page, app, throughline, service, complaints }) => {
  const tag = throughline.tag(service);
  await page.goto(app.publish('requests.html', { tag: `${tag}\n${tag}` }));
  await act(page, async () => { await fetch('/api/twice'); });
  const request = app.received('/api/twice').at(-1);
  const carried = propagatedBy(request);
  expect(carried, request.headers.traceparent).not.toBeNull();
  await page.evaluate(() => window.throughline.flush());
  const trace = await throughline.waitForTrace(carried.traceId, (read) => Boolean(read.find('click "Act"')));
  trace.only('click "Act"');
  trace.only('GET /api/twice');
  const clicks = (await throughline.tracesOf(service)).filter((read) => read.find('click "Act"'));
  expect(clicks).toHaveLength(1);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

for (const [when, frame] of [
  ['before the tag', (tag) => `<script>Object.freeze(Promise.prototype); Object.freeze(Promise)</script>${tag}`],
  ['after the tag', (tag) => `${tag}<script>Object.freeze(Promise.prototype); Object.freeze(Promise)</script>`],
]) {
  test(`a page whose promises are frozen ${when} works and is traced`, async ({ page, app, throughline, service, complaints }) => {
    await page.goto(app.publish('requests.html', { tag: frame(throughline.tag(service)) }));
    const result = await act(page, async () => {
      const response = await fetch('/api/frozen');
      return [response.status, Object.isFrozen(Promise.prototype), await Promise.resolve(3).then((three) => three + 1)];
    });
    expect(result).toEqual([200, true, 4]);
    const carried = propagatedBy(app.received('/api/frozen').at(-1));
    const trace = await throughline.waitForTrace(carried.traceId, (read) => Boolean(read.find('GET /api/frozen')));
    expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'GET /api/frozen']);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
}

test('shutdown gives every function back', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(page, async () => { await fetch('/api/before'); });
  expect(propagatedBy(app.received('/api/before').at(-1))).not.toBeNull();
  await page.evaluate(() => window.throughline.shutdown());
  await act(page, async () => { await fetch('/api/after'); });
  expect(app.received('/api/after').at(-1).headers.traceparent).toBeUndefined();
  expect(await page.evaluate(() => 'value' in Object.getOwnPropertyDescriptor(Promise.prototype, 'constructor'))).toBe(true);
  await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/before')), 'from before');
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('throughline.trace makes a span with its children below the action', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const result = await act(page, async () =>
    window.throughline.trace('price the basket', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const response = await fetch('/api/price');
      return response.status;
    }),
  );
  expect(result).toBe(200);
  const thrown = await act(page, async () => {
    try {
      window.throughline.trace('fails', () => { throw new RangeError('from within'); });
    } catch (error) {
      await fetch('/api/failed');
      return [error instanceof RangeError, error.message];
    }
  });
  expect(thrown).toEqual([true, 'from within']);
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/price') && read.find('price the basket')), 'of the price');
  expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'price the basket', 'GET /api/price']);
  const failed = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('fails')), 'of the failure');
  expectTrace(failed).hasDirectChain(['click "Act"', 'fails']).failsExactlyAt(['fails']);
});

test('a request that fails is an error on its own span', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(page, async () => {
    await fetch('/api/fine');
    await fetch('/api/missing?status=404');
    await fetch('/api/broken?status=500');
    await fetch('/api/cut?fail=reset').catch(() => {});
    const request = new XMLHttpRequest();
    request.open('GET', '/api/xhr-broken?status=503');
    request.send();
    await new Promise((resolve) => (request.onloadend = resolve));
  });
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('click "Act"')) && read.all({ kind: 'client' }).length === 5, 'of the failures');
  expectTrace(trace).isWhole().failsExactlyAt(['GET /api/missing', 'GET /api/broken', 'GET /api/cut', 'GET /api/xhr-broken']);
  expect(trace.only('GET /api/missing').attributes).toMatchObject({ 'http.request.method': 'GET', 'http.response.status_code': 404, 'error.type': '404', 'server.address': '127.0.0.1', 'server.port': Number(new URL(app.origin).port) });
  expect(trace.only('GET /api/fine').attributes['http.response.status_code']).toBe(200);
  expect(trace.only('GET /api/cut').attributes['error.type']).toBeTruthy();
});

test('a request that the application gives up is no error, one that takes too long is', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const told = await act(page, async () => {
    const names = [];
    const slow = (name, init) => fetch(`/api/${name}?delay=3000`, init).catch((error) => names.push(error?.name ?? error));
    const aborted = new AbortController();
    const reasoned = new AbortController();
    const all = [slow('aborted', { signal: aborted.signal }), slow('reasoned', { signal: reasoned.signal }), slow('late', { signal: AbortSignal.timeout(50) }), fetch(new Request('/api/request-aborted?delay=3000', { signal: aborted.signal })).catch((error) => names.push(error.name))];
    const request = new XMLHttpRequest();
    request.open('GET', '/api/xhr-aborted?delay=3000');
    request.send();
    const impatient = new XMLHttpRequest();
    impatient.open('GET', '/api/xhr-late?delay=3000');
    impatient.timeout = 50;
    impatient.send();
    const late = new Promise((resolve) => (impatient.ontimeout = resolve));
    setTimeout(() => {
      aborted.abort();
      reasoned.abort('the user went elsewhere');
      request.abort();
    }, 20);
    await Promise.all([...all, late]);
    return names.sort();
  });
  expect(told).toEqual(['AbortError', 'AbortError', 'TimeoutError', 'the user went elsewhere']);
  const trace = await throughline.waitForTraceOf(service, (read) => read.all(/^GET /).length === 6, 'of the six');
  expectTrace(trace).isWhole().failsExactlyAt(['GET /api/late', 'GET /api/xhr-late']);
  const types = Object.fromEntries(trace.all(/^GET /).map(({ name, attributes }) => [name.slice('GET /api/'.length), attributes['error.type']]));
  expect(types).toEqual({ aborted: 'AbortError', 'request-aborted': 'AbortError', reasoned: 'Error', late: 'TimeoutError', 'xhr-aborted': 'AbortError', 'xhr-late': 'TimeoutError' });
  expect(complaints.errors).toEqual([]);
});

test('methods, sizes, protocol and Server-Timing follow the conventions', async ({ page, app, throughline, service }) => {
  const other = await PageServer.start();
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(
    page,
    async (other) => {
      await (await fetch('/api/post?body=123456789', { method: 'post', body: 'fünf' })).text();
      await fetch('/api/patch', { method: 'patch', body: new Uint8Array(7) });
      await fetch('/api/own', { method: 'PROPFIND', body: new Blob(['xyz']) });
      const request = new XMLHttpRequest();
      request.open('put', '/api/put');
      request.send('12');
      await new Promise((resolve) => (request.onloadend = resolve));
      await fetch(`${other}/api/opaque`, { mode: 'no-cors' });
      await fetch(`${other}/api/refused`).catch(() => {});
      const timed = await fetch('/api/timed?timing=12');
      await timed.text();
    },
    other.origin,
  );
  const trace = await throughline.waitForTraceOf(service, (read) => read.all({ kind: 'client' }).length === 7, 'of the seven');
  await other.dispose();
  const of = (name) => trace.only(name).attributes;
  expect(of('POST /api/post')).toMatchObject({ 'http.request.method': 'POST', 'http.request.body.size': 5, 'http.response.body.size': 9, 'network.protocol.name': 'http', 'network.protocol.version': '1.1' });
  // A lowercase `patch` is sent as it is, and is no method that anybody knows: Node's server answers 400.
  expect(of('HTTP /api/patch')).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'patch', 'http.request.body.size': 7 });
  expect(of('HTTP /api/own')).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND', 'http.request.body.size': 3 });
  expect(of('PUT /api/put')).toMatchObject({ 'http.request.method': 'PUT', 'http.request.body.size': 2 });
  expect(of('PUT /api/put')['http.request.method_original']).toBeUndefined();
  expect(of('GET /api/opaque')['http.response.status_code']).toBeUndefined();
  expectTrace(trace).isWhole().failsExactlyAt(['HTTP /api/patch', 'GET /api/refused']);
  expect(of('GET /api/refused')).toMatchObject({ 'error.type': 'TypeError' });
  const metrics = trace.only('GET /api/timed').events.filter(({ name }) => name === 'Server-Timing');
  expect(metrics.map(({ attributes }) => attributes)).toEqual(Array.from({ length: 10 }, (_, at) => ({ name: `m${at}`, dur: at + 0.5, desc: `metric ${at}` })));
});

test('a body that is read piece by piece belongs to its request to the end', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const read = await act(page, async () => {
    const descriptor = Object.getOwnPropertyDescriptor(Response.prototype, 'body');
    const facts = [descriptor.get.name, String(descriptor.get), descriptor.set, descriptor.enumerable, descriptor.configurable, new Response().body, new Response('x').body === null];
    const reader = (await fetch('/api/pieces?pieces=5')).body.getReader();
    let text = '';
    for (let part; !(part = await reader.read()).done; ) text += new TextDecoder().decode(part.value);
    return [text, ...facts];
  });
  expect(read).toEqual(['piece '.repeat(5), 'get body', 'function get body() { [native code] }', undefined, true, true, null, false]);
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/pieces')), 'of the pieces');
  const span = trace.only('GET /api/pieces');
  // Four pauses of 200 ms, far more than the span would have waited after the headers.
  expect(span.endNanos - span.startNanos).toBeGreaterThan(750_000_000n);
  expect(span.attributes['http.response.body.size']).toBe(30);
  expect(complaints.errors).toEqual([]);
});

test('every shape of a request arrives as it would without the tracer', async ({ page, app, throughline, service, complaints }) => {
  const probe = async (path) => {
    const results = [];
    const echo = async (...given) => {
      try {
        const response = await fetch(...given);
        const { method, headers, body } = await response.json();
        const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => /^(x-|content-type|accept$|referer|cache-control)/.test(name)));
        results.push([method, kept, body, response.type, response.redirected, response.bodyUsed, response.constructor === Response]);
      } catch (error) {
        results.push([error.name, error.message]);
      }
    };
    const url = `${path}?echo=1`;
    await echo(url);
    await echo(url, undefined);
    await echo(url, null);
    await echo({ toString: () => url });
    await echo(url, { method: 'POST', body: new URLSearchParams({ a: 1 }) });
    await echo(url, Object.create({ method: 'PUT', headers: { 'x-inherited': '1' } }));
    await echo(new Request(url, { method: 'POST', body: 'request', headers: { 'x-a': '1' }, referrer: '/from-here', cache: 'no-store' }));
    await echo(new Request(url, { method: 'POST', body: 'request' }), { body: 'replaced', headers: { 'x-b': '2' } });
    await echo(new Request(url), new Request(url, { method: 'DELETE', headers: { 'x-c': '3' } }));
    await echo(url, { keepalive: true, method: 'POST', body: 'kept' });
    await echo(url, { integrity: 'sha256-AAAA' });
    await echo(url, { method: 'POST', body: new ReadableStream({ start(controller) { controller.close(); } }) });
    await echo(url, { method: 'POST', body: new ReadableStream({ start(controller) { controller.close(); } }), duplex: 'half' });
    await echo(url, { method: 'GET', body: 'x' });
    await echo(url, { headers: { 'bad name': '1' } });
    await echo(url, { signal: AbortSignal.abort() });
    await echo(url, { signal: 'x' });
    await echo('http://[');
    await echo('data:application/json,{"method":"data","headers":{},"body":""}');
    await echo(URL.createObjectURL(new Blob(['{"method":"blob","headers":{},"body":""}'])));
    await echo(url, { mode: 'navigate' });
    await echo();
    return results;
  };
  const path = '/api/shapes';
  await page.goto(app.publish('requests.html', { tag: '' }));
  const without = await page.evaluate(probe, path);
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const before = app.received(path).length;
  const traced = await act(page, probe, path);
  const portable = (results) => JSON.parse(JSON.stringify(results).replaceAll(/\/p\/\d+\//g, '/p/N/').replaceAll(/blob:[^" ]*/g, 'blob:URL'));
  expect(portable(traced)).toEqual(portable(without));
  // Presence: it was traced.
  expect(propagatedBy(app.received(path).slice(before)[0])).not.toBeNull();
  expect(complaints.errors).toEqual([]);
});

test('a request has its network phases and its sender', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(page, async () => { await (await fetch('/api/phases?delay=50')).json(); });
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/phases')), 'of the request');
  const span = trace.only('GET /api/phases');
  const names = span.events.map(({ name }) => name);
  for (const phase of ['fetchStart', 'requestStart', 'responseStart', 'responseEnd']) expect(names).toContain(phase);
  const at = (name) => span.events.find((event) => event.name === name).nanos;
  expect(at('fetchStart') <= at('requestStart') && at('requestStart') < at('responseStart') && at('responseStart') <= at('responseEnd')).toBe(true);
  for (const { nanos } of span.events) expect(nanos >= span.startNanos - 1_000_000n && nanos <= span.endNanos + 1_000_000n).toBe(true);
  expect(at('responseStart') - at('requestStart')).toBeGreaterThanOrEqual(45_000_000n);
  expect(span.resource).toMatchObject({ 'service.name': service, 'telemetry.sdk.name': 'throughline', 'telemetry.sdk.language': 'webjs' });
  for (const key of ['telemetry.sdk.version', 'user_agent.original', 'browser.language', 'browser.platform']) expect(span.resource[key]).toBeTruthy();
  expect(span.resource['browser.mobile']).toBe(false);
  expect(trace.only('click "Act"').attributes).toMatchObject({ 'throughline.action': 'click', 'session.id': expect.any(String), 'url.path': expect.stringContaining('/requests.html') });
});

test('work that outlives its action has a trace of its own, linked to the action', async ({ page, app, throughline, service }) => {
  test.setTimeout(120_000);
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(page, () => {
    fetch('/api/started');
    setInterval(() => fetch('/api/polled'), 2_500);
  });
  await until('the poller has asked twice', () => app.received('/api/polled').length >= 2);
  await page.evaluate(() => window.throughline.flush());
  const started = propagatedBy(app.received('/api/started').at(-1));
  const polled = app.received('/api/polled').map(propagatedBy);
  const action = await throughline.waitForTrace(started.traceId, (read) => Boolean(read.find('click "Act"')));
  expectTrace(action).isWhole().has('GET /api/started').hasNo('GET /api/polled');
  expect(new Set(polled.map(({ traceId }) => traceId)).size).toBe(polled.length);
  for (const { traceId } of polled.slice(0, 2)) {
    const trace = await throughline.waitForTrace(traceId, (read) => Boolean(read.find('GET /api/polled')));
    const links = trace.roots.flatMap((span) => span.links);
    expect(links.map((link) => [link.traceId, link.spanId])).toContainEqual([started.traceId, action.only('click "Act"').spanId]);
  }
});

test('secrets in URLs and typed characters never leave the page', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const before = app.received('/collector/v1/traces').length;
  const tag = throughline.tag(service, { 'data-endpoint': '/collector' });
  const url = new URL(app.publish('requests.html', { tag }));
  url.search = '?session=SecretInPageQuery&visible=1';
  url.hash = '#access_token=SecretInPageHash';
  await page.goto(url.href);
  await act(page, async () => {
    await fetch('/api/search?q=SecretInQuery&token=SecretInToken&page=2#SecretInFragment');
    await fetch('/api/users/SecretMail%40example.com/orders');
    await fetch('/api/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTZWNyZXQifQ.c2VjcmV0U2lnbmF0dXJlSGVyZQ');
    await fetch('/api/header', { headers: { authorization: 'Bearer SecretInHeader' } });
    await fetch('/api/body', { method: 'POST', body: 'SecretInBody' });
    const request = new XMLHttpRequest();
    request.open('GET', `${location.protocol}//SecretUser:SecretWord@${location.host}/api/credentials`);
    request.send();
    await new Promise((resolve) => (request.onloadend = resolve));
    await fetch('/api/redacted-last');
  });
  await page.locator('[name=email]').click();
  await page.keyboard.type('SecretTyped@example.com');
  await page.locator('[name=password]').click();
  await page.keyboard.type('SecretPassword');
  await page.locator('[name=note]').click();
  await page.keyboard.type('SecretNote');
  await page.locator('#editor').click();
  await page.keyboard.type('SecretStory');
  await press(page, page.locator('#submit'));
  await until('the form has been sent', () => app.received('/api/form').length > 0);
  await page.evaluate(() => window.throughline.flush());

  // Presence: the requests and the gestures are there, with their paths and controls.
  const carriedBy = (path) => propagatedBy(app.received(path).at(-1)).traceId;
  const acted = await throughline.waitForTrace(carriedBy('/api/redacted-last'), (read) => Boolean(read.find('GET /api/redacted-last')));
  expectTrace(acted).has('GET /api/search').has('POST /api/body').has({ attributes: { 'url.full': /\/api\/credentials/ } });
  await throughline.waitForTrace(carriedBy('/api/form'), (read) => Boolean(read.find('POST /api/form')));
  const traces = await throughline.tracesOf(service);
  const names = traces.flatMap((trace) => trace.spans.map((span) => span.name));
  expect(names.some((name) => /^(keydown|change) "Email"$/.test(name)), names.join(', ')).toBe(true);
  const pagePaths = traces.flatMap((trace) => trace.spans.map((span) => span.attributes['url.full'])).filter((full) => full?.includes('requests.html'));
  expect(pagePaths.length).toBeGreaterThan(0);

  const exported = Buffer.concat(app.received('/collector/v1/traces').slice(before).map(({ body }) => body)).toString('latin1');
  expect(exported).toContain('/api/search');
  const read = JSON.stringify(traces.map(({ spans }) => spans), (_, value) => (typeof value === 'bigint' ? String(value) : value));
  const stored = (await throughline.storedFiles()).map(({ bytes }) => bytes.toString('latin1')).join('\n');
  expect(stored.length).toBeGreaterThan(0);
  const typed = ['SecretTyped', 'SecretPassword', 'SecretNote', 'SecretStory'];
  const secrets = ['SecretInPageQuery', 'SecretInPageHash', 'SecretInQuery', 'SecretInToken', 'SecretInFragment', 'SecretMail', 'SecretInHeader', 'SecretInBody', 'SecretUser', 'SecretWord', 'eyJzdWIi', ...typed];
  for (const [where, text] of Object.entries({ exported, read, stored })) {
    for (const secret of secrets) expect.soft(text.includes(secret), `${secret} in what was ${where}`).toBe(false);
  }
});
