// What goes over the network besides requests for data: connections, beacons, resources, the document itself.

import { createServer } from 'node:net';

import { act } from '../harness/act.js';
import { expect, test } from '../harness/fixtures.js';
import { until } from '../harness/poll.js';
import { expectTrace } from '../harness/trace.js';

/** The log records of a trace with a name, as `{severity, attributes}`. */
async function recordsOf(throughline, traceId, eventName) {
  const { resourceLogs = [] } = await throughline.api(`/api/v1/traces/${traceId}/logs`);
  const read = ({ stringValue, intValue, doubleValue, boolValue }) => stringValue ?? boolValue ?? Number(intValue ?? doubleValue);
  return resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .filter((record) => record.eventName === eventName)
    .map(({ severityNumber, spanId, attributes }) => ({ severity: severityNumber, spanId, attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, read(value)])) }));
}

const named = (trace, span, name) => trace.only(span).events.filter((event) => event.name === name);

test.describe('WebSocket', () => {
  test('its connection is a span of the action, its end a record of that span', async ({ page, app, throughline, service, complaints }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
    const seen = await act(
      page,
      async (url) => {
        const order = [];
        const socket = new WebSocket(url);
        for (const type of ['open', 'message', 'close']) socket.addEventListener(type, () => order.push(type));
        await new Promise((resolve) => (socket.onopen = resolve));
        const answer = () => new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }));
        for (const text of ['one', 'three']) {
          socket.send(text);
          order.push(await answer());
        }
        await fetch('/api/after-answer');
        socket.close(1000);
        await new Promise((resolve) => (socket.onclose = resolve));
        return order;
      },
      `${app.origin.replace('http', 'ws')}/socket?token=SecretOfSocket`,
    );
    expect(seen).toEqual(['open', 'message', 'one', 'message', 'three', 'close']);
    const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('WebSocket /socket') && read.find('GET /api/after-answer')), 'of the socket');
    // The request after two answers still belongs to the handler that awaited them.
    expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'WebSocket /socket']).hasDirectChain(['click "Act"', 'GET /api/after-answer']);
    const span = trace.only('WebSocket /socket');
    expect(span).toMatchObject({ kind: 'client', status: 'unset', attributes: { 'server.address': '127.0.0.1', 'server.port': Number(new URL(app.origin).port), 'throughline.causality': 'exact', 'url.full': expect.stringMatching(/^ws:.*\/socket\?token=REDACTED$/) } });
    expect(span.events.map(({ name }) => name)).toEqual(['open', 'message']);
    expect(span.attributes['http.request.method']).toBeUndefined();
    await page.evaluate(() => window.throughline.flush());
    const [record] = await until('the end is recorded', async () => {
      const records = await recordsOf(throughline, trace.traceId, 'websocket.close');
      return records.length ? records : undefined;
    });
    expect(record).toMatchObject({ severity: 9, spanId: span.spanId, attributes: { 'throughline.socket.code': 1000, 'throughline.socket.sent': 2, 'throughline.socket.sent_size': 8, 'throughline.socket.received': 2, 'throughline.socket.received_size': 8, 'session.id': expect.any(String) } });
    expect(record.attributes['throughline.socket.duration']).toBeGreaterThan(0);
    expect(JSON.stringify(record)).not.toContain('SecretOfSocket');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test('that cannot connect fails, and its record warns', async ({ page, app, throughline, service }) => {
    // A port that was free a moment ago.
    const probe = createServer();
    await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
    const code = await act(page, (url) => new Promise((resolve) => { new WebSocket(url).onclose = async ({ code }) => { await fetch('/api/fallback'); resolve(code); }; }), `ws://127.0.0.1:${port}/refused`);
    expect(code).toBe(1006);
    const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('WebSocket /refused') && read.find('GET /api/fallback')), 'of the socket');
    expectTrace(trace).isWhole().failsExactlyAt(['WebSocket /refused']).hasDirectChain(['click "Act"', 'GET /api/fallback']);
    expect(trace.only('WebSocket /refused').attributes['error.type']).toBe('1006');
    await page.evaluate(() => window.throughline.flush());
    const records = await until('the end is recorded', async () => {
      const records = await recordsOf(throughline, trace.traceId, 'websocket.close');
      return records.length ? records : undefined;
    });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ severity: 13, attributes: { 'throughline.socket.code': 1006, 'throughline.socket.errors': 1 } });
  });

  test('what it says later belongs to nobody', async ({ page, app, throughline, service }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
    await act(
      page,
      (url) => {
        let count = 0;
        new WebSocket(url).onmessage = () => {
          count++;
          if (count <= 3) fetch(`/api/beat/${['first', 'second', 'third'][count - 1]}`);
        };
      },
      `${app.origin.replace('http', 'ws')}/beating?every=150`,
    );
    await app.waitForRequest('/api/beat/third');
    await page.evaluate(() => window.throughline.flush());
    const first = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('WebSocket /beating')), 'of the socket');
    expectTrace(first).isWhole().hasDirectChain(['click "Act"', 'GET /api/beat/first']).hasNo('GET /api/beat/second').hasNo('GET /api/beat/third');
    await throughline.waitForTraceOf(service, (read) => Boolean(read.find('GET /api/beat/third')) && read.traceId !== first.traceId, 'of the third message');
  });

  test('and EventSource are to the page what they are without the tracer', async ({ page, app, throughline, service, complaints }) => {
    const probe = (origin) => {
      const told = (body) => {
        try {
          return String(body());
        } catch (error) {
          return `${error.name}: ${error.message.replace(/'ws[^']*'|'http[^']*'/, 'URL')}`;
        }
      };
      const ws = `${origin.replace('http', 'ws')}/socket`;
      const facts = {};
      for (const name of ['WebSocket', 'EventSource']) {
        const Kind = window[name];
        class Heir extends Kind {
          extra = 1;
          get [Symbol.toStringTag]() { return 'Heir'; }
        }
        const url = name === 'WebSocket' ? ws : `${origin}/events`;
        const plain = new Kind(url);
        const heir = new Heir(url);
        facts[name] = [
          String(Kind), Kind.name, Kind.length, JSON.stringify(Object.getOwnPropertyDescriptor(window, name), (key, value) => (typeof value === 'function' ? 'f' : value)),
          Object.getOwnPropertyNames(Kind).sort().join(), Object.getOwnPropertyNames(Kind.prototype).sort().join(),
          Kind.CONNECTING, Kind.OPEN, Kind.CLOSED, plain.readyState, plain.constructor === Kind, plain instanceof Kind, Object.getPrototypeOf(plain) === Kind.prototype,
          heir instanceof Heir, heir instanceof Kind, heir.extra, heir.constructor === Heir, String(heir), plain.url === heir.url,
          told(() => Kind(url)), told(() => new Kind()), told(() => new Kind('http://[')), told(() => new Kind(url, 'a b')), told(() => Reflect.construct(Kind, [url], Object) instanceof Kind),
          ...['send', 'close'].map((key) => told(() => [Kind.prototype[key].name, Kind.prototype[key].length, Kind.prototype[key], Object.keys(Object.getOwnPropertyDescriptor(Kind.prototype, key))])),
          told(() => Kind.prototype.close.call({})), told(() => Kind.prototype.send?.call({}, 'x')), told(() => plain.send?.()), told(() => name === 'WebSocket' && plain.send('early')),
        ];
        plain.close();
        heir.close();
        facts[name].push(plain.readyState);
      }
      return facts;
    };
    await page.goto(app.publish('requests.html', { tag: '' }));
    const without = await page.evaluate(probe, app.origin);
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
    expect(await page.evaluate(() => window.throughline.version)).toBeTruthy();
    expect(await page.evaluate(probe, app.origin)).toEqual(without);
    expect(without.WebSocket).toContain('function WebSocket() { [native code] }');
    expect(complaints.errors).toEqual([]);
  });
});

test('an EventSource has a span until it is open and a record at its end', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  await act(page, async () => {
    const source = new EventSource('/events?every=50');
    await new Promise((resolve) => (source.onopen = resolve));
    await fetch('/api/subscribed');
    let count = 0;
    await new Promise((resolve) => (source.onmessage = () => ++count === 3 && resolve()));
    source.close();
    source.close();
  });
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('EventSource /events') && read.find('GET /api/subscribed')), 'of the source');
  expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'EventSource /events']).hasDirectChain(['click "Act"', 'GET /api/subscribed']);
  expect(named(trace, 'EventSource /events', 'open')).toHaveLength(1);
  await page.evaluate(() => window.throughline.flush());
  const records = await until('the end is recorded', async () => {
    const records = await recordsOf(throughline, trace.traceId, 'eventsource.close');
    return records.length ? records : undefined;
  });
  expect(records).toHaveLength(1);
  expect(records[0].severity).toBe(9);
  expect(records[0].attributes['throughline.socket.received']).toBeGreaterThanOrEqual(3);
});

test('a beacon is a request of the action, without headers of ours', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('requests.html', { tag: throughline.tag(service) }));
  const results = await act(page, () => {
    const told = (body) => {
      try {
        return body();
      } catch (error) {
        return error.name;
      }
    };
    return [navigator.sendBeacon('/api/beacon', 'four'), told(() => navigator.sendBeacon()), told(() => navigator.sendBeacon('ftp://x')), navigator.sendBeacon('/api/beacon-too-large', new Blob([new Uint8Array(70_000)]))];
  });
  expect(results).toEqual([true, 'TypeError', 'TypeError', false]);
  const request = await app.waitForRequest('/api/beacon');
  expect(request.headers.traceparent).toBeUndefined();
  const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('POST /api/beacon')), 'of the beacon');
  expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'POST /api/beacon']).failsExactlyAt(['POST /api/beacon-too-large']);
  expect(trace.only('POST /api/beacon').attributes).toMatchObject({ 'http.request.method': 'POST', 'http.request.body.size': 4 });
  expect(trace.all({ kind: 'client' })).toHaveLength(2);
});

test.describe('resources', () => {
  test('that fail or are slow are spans of the load, the others are none', async ({ page, app, throughline, service }) => {
    await page.goto(app.publish('resources.html', { tag: throughline.tag(service) }));
    const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find(/^load /) && read.find(/slow\.js/)), 'of the load');
    expectTrace(trace).isWhole().failsExactlyAt(['img /api/missing.png', 'css /api/gone.woff2']);
    const resources = trace.childrenOf(trace.roots[0]).filter(({ kind, name }) => kind === 'client' && name !== 'documentFetch');
    expect(resources.map(({ name }) => name)).toEqual(expect.arrayContaining(['css /api/gone.woff2', 'img /api/missing.png', 'link /api/blocking.css', 'script /api/slow.js']));
    // On a busy machine even a small file may take its time; whatever is told has failed or was slow.
    for (const { name, status, startNanos, endNanos, attributes } of resources) {
      const slow = attributes['browser.resource_timing.render_blocking_status'] === 'blocking' ? 300_000_000n : 1_000_000_000n;
      expect.soft(status === 'error' || endNanos - startNanos >= slow - 1_000_000n, name).toBe(true);
    }
    expect(trace.only('img /api/missing.png').attributes).toMatchObject({ 'error.type': '404', 'http.response.status_code': 404, 'http.request.method': 'GET', 'throughline.causality': 'inferred', 'browser.resource_timing.initiator_type': 'img', 'url.full': expect.stringContaining('token=REDACTED') });
    expect(trace.only('link /api/blocking.css').attributes['browser.resource_timing.render_blocking_status']).toBe('blocking');
    const slow = trace.only('script /api/slow.js');
    expect(slow.attributes).toMatchObject({ 'network.protocol.name': 'http', 'network.protocol.version': '1.1', 'http.response.status_code': 200, 'http.response.body.size': 1 });
    expect(slow.events.map(({ name }) => name)).toEqual(expect.arrayContaining(['fetchStart', 'requestStart', 'responseStart', 'responseEnd']));
    expect(slow.endNanos - slow.startNanos).toBeGreaterThan(1_000_000_000n);
  });

  test('that an action asks for stand under it, even when they are slow; what no one sees is told as well', async ({ page, app, throughline, service }) => {
    await page.goto(app.publish('requests.html', { tag: throughline.tag(service), headers: { 'content-security-policy': "img-src 'self'" } }));
    await throughline.waitForTraceOf(service, (read) => Boolean(read.find(/^load /)), 'of the load');
    await act(page, async () => {
      await fetch('/api/first');
      for (const source of ['/api/later.svg?delay=1200&type=image/svg%2Bxml&body=%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22/%3E', '/api/later-gone.png?status=500', 'http://blocked.example/pixel.png']) {
        document.body.append(Object.assign(new Image(), { src: source }));
      }
    });
    const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('img /api/later.svg')), 'of the click');
    expectTrace(trace).isWhole().hasDirectChain(['click "Act"', 'img /api/later.svg']).hasDirectChain(['click "Act"', 'img /api/later-gone.png']).failsExactlyAt(['img /api/later-gone.png', 'img /pixel.png']);
    expect(trace.only('img /pixel.png').attributes['error.type']).toBe('LoadError');
  });
});

test.describe('the load of a document', () => {
  const SERVER = { traceId: '5759e988bd862e3fe1be46a994272793', spanId: '53995c3f42cd8ad8' };
  const said = `00-${SERVER.traceId}-${SERVER.spanId}-01`;
  const linksOf = (trace) => trace.only(/^load /).links.map(({ traceId, spanId }) => ({ traceId, spanId }));

  for (const [how, given, expected] of [
    ['a Server-Timing header', { headers: { 'server-timing': `db;dur=53.2;desc="Users, all", traceparent;desc="${said}"` } }, [SERVER]],
    ['a meta element', { meta: `<meta name="traceparent" content="${said}">` }, [SERVER]],
    ['nothing that is no traceparent', { meta: '<meta name="traceparent" content="00-&quot;><script>-01">' }, []],
  ]) {
    test(`has phases and is linked to the server's span by ${how}`, async ({ page, app, throughline, service }) => {
      await page.goto(app.publish('requests.html', { tag: (given.meta ?? '') + throughline.tag(service), headers: given.headers }));
      const trace = await throughline.waitForTraceOf(service, (read) => Boolean(read.find('documentFetch')), 'of the load');
      expectTrace(trace).isWhole();
      expect(linksOf(trace)).toEqual(expected);
      expect(trace.traceId).not.toBe(SERVER.traceId);
      const load = trace.only(/^load /);
      const names = load.events.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['fetchStart', 'domInteractive', 'domContentLoadedEventStart', 'domContentLoadedEventEnd', 'domComplete', 'loadEventStart', 'loadEventEnd', 'firstPaint', 'firstContentfulPaint']));
      expect(load.attributes).toMatchObject({ 'browser.navigation_timing.type': 'navigate', 'browser.navigation_timing.redirect_count': 0 });
      expect(load.attributes['browser.resource_timing.transfer_size']).toBeGreaterThan(500);
      expect(load.attributes['throughline.late']).toBeUndefined();
      const fetched = trace.only('documentFetch');
      expect(fetched).toMatchObject({ kind: 'client', parentSpanId: load.spanId, attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.full': expect.stringContaining('/requests.html') } });
      expect(fetched.events.map(({ name }) => name)).toEqual(expect.arrayContaining(['requestStart', 'responseStart', 'responseEnd']));
      expect(fetched.events.filter(({ name }) => name === 'Server-Timing').map(({ attributes }) => attributes.name)).toEqual(given.headers ? ['db', 'traceparent'] : []);
      expect(fetched.startNanos).toBeGreaterThanOrEqual(load.startNanos);
      expect(fetched.endNanos).toBeLessThanOrEqual(load.endNanos);
    });
  }

  test('is rebuilt where the tag is run when all is over', async ({ page, app, throughline, service }) => {
    const url = new URL(throughline.tag(service).match(/src="([^"]+)"/)[1]);
    const early = `<script>
      const ask = async (path) => (await fetch(path)).text();
      const xhr = new XMLHttpRequest();
      xhr.open('GET', '/api/early-xhr');
      xhr.send();
      ask('/api/early?delay=50');
      addEventListener('load', () => setTimeout(async () => {
        await ask('/api/between');
        document.head.append(Object.assign(document.createElement('script'), { src: '${url}', crossOrigin: '' }));
      }, 300));
    </script>`;
    await page.goto(app.publish('requests.html', { tag: early }));
    await page.waitForFunction(() => window.throughline?.version);
    const host = new URL(app.origin).hostname;
    await page.evaluate(() => window.throughline.flush());
    const trace = await throughline.waitForTraceOf(host, (read) => Boolean(read.find(/^load /) && read.find('fetch /api/early')), 'of the load');
    expectTrace(trace).isWhole().hasDirectChain([/^load /, 'fetch /api/early']).hasDirectChain([/^load /, 'xmlhttprequest /api/early-xhr']).hasNo('fetch /api/between');
    expect(trace.only(/^load /).attributes['throughline.late']).toBe(true);
    expect(trace.only('fetch /api/early').attributes).toMatchObject({ 'throughline.late': true, 'http.response.status_code': 200 });
    const between = await throughline.waitForTraceOf(host, (read) => Boolean(read.find('fetch /api/between')), 'of the request between');
    expect(between.only('fetch /api/between').attributes).toMatchObject({ 'throughline.late': true, 'throughline.causality': 'none' });
  });
});
