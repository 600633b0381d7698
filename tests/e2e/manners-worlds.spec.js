// The tracer under other policies, in other worlds and beside other libraries: the page works as it does without it.

import { expect, test } from '../harness/fixtures.js';
import { propagatedBy } from '../harness/page-server.js';
import { expectTrace } from '../harness/trace.js';
import { act, bundleOf } from '../harness/worlds.js';

/** Waits for the trace of the last request to a path, and says that a click is its root. */
async function expectClickOf(app, throughline, path) {
  const requests = app.received(path);
  const carried = propagatedBy(requests.at(-1));
  expect(carried, path).not.toBeNull();
  const trace = await throughline.waitForTrace(carried.traceId, (read) => read.byId.has(carried.spanId));
  expectTrace(trace).isWhole().hasDirectChain(['click "Act"', `GET ${path}`]);
  return trace;
}

/** Every property of every global: its attributes, and each function's name, length, text and own keys. */
function shapes() {
  const told = (value) =>
    typeof value === 'function'
      ? `${value.name}/${value.length}/${Function.prototype.toString.call(value).replaceAll(/\s+/g, ' ').slice(0, 80)}/${Reflect.ownKeys(value).map(String).sort().slice(0, 60).join()}`
      : typeof value;
  const result = {};
  const seen = new Set([globalThis.probes]);
  const walk = (object, path, depth) => {
    if (seen.has(object)) return;
    seen.add(object);
    for (const key of Reflect.ownKeys(object)) {
      const name = `${path}.${String(key)}`;
      if (path === 'window' && /^(\d+|throughline|works|act|acted|shapes|event)$/.test(String(key))) continue;
      let descriptor;
      try {
        descriptor = Object.getOwnPropertyDescriptor(object, key);
      } catch {
        continue;
      }
      const { configurable, enumerable, writable, get, set, value } = descriptor;
      result[name] = [configurable, enumerable, writable, told(get), told(set), told(value)].join(' ');
      if (depth < 4 && value && (typeof value === 'function' || (typeof value === 'object' && key !== 'document' && !(value instanceof Node) && value !== window))) walk(value, name, depth + 1);
    }
    const prototype = Object.getPrototypeOf(object);
    if (prototype && path === 'window') walk(prototype, `${path}.__proto__`, depth + 1);
  };
  walk(window, 'window', 0);
  return result;
}

test('every property of every global is as without the tag, but for the constructor of promises', async ({ page, app, throughline, service }) => {
  const read = async (options) => {
    await page.goto(app.publish('worlds.html', options));
    return page.evaluate(shapes);
  };
  const clean = await read({});
  const careless = await read({ tag: '<script>const native = Element.prototype.click; Navigator.prototype.sendBeacon = function () {};</script>' });
  const differing = (other) => [...new Set([...Object.keys(clean), ...Object.keys(other)])].filter((name) => clean[name] !== other[name]);
  expect(Object.keys(clean).length).toBeGreaterThan(8_000);
  expect(differing(careless)).toContain('window.Navigator.prototype.sendBeacon');
  const traced = await read({ tag: throughline.tag(service) });
  expect(differing(traced).map((name) => `${name}: ${traced[name]} instead of ${clean[name]}`)).toEqual([expect.stringMatching(/^window\.Promise\.prototype\.constructor: true false /)]);
});

const STRICT = (origin, more = '') => `default-src 'self'; script-src 'nonce-n1' ${origin}; connect-src 'self' ${origin}; object-src 'none'; base-uri 'none'${more}`;

for (const [policy, more] of [['', ''], [', with Trusted Types', "; require-trusted-types-for 'script'; trusted-types 'none'"]]) {
  test(`throughline.csp.js traces where a policy refuses WASM${policy}`, async ({ page, app, throughline, service, complaints }) => {
    const headers = { 'content-security-policy': STRICT(throughline.ingestUrl, more) };
    // Presence: the same page with the other script is not traced, says so once, and works on.
    await page.goto(app.publish('worlds.html', { tag: throughline.tag(service, { crossorigin: true }), headers, nonce: 'n1' }));
    expect(await act(page, 'fetch', '/api/refused')).toBe(200);
    expect(propagatedBy(app.received('/api/refused').at(-1))).toBeNull();
    expect(complaints.console.filter((text) => text.includes('throughline.csp.js'))).toHaveLength(1);
    complaints.console.length = 0;

    const src = `${throughline.ingestUrl}/throughline.csp.js`;
    await page.goto(app.publish('worlds.html', { tag: throughline.tag(service, { src, crossorigin: true }), headers, nonce: 'n1' }));
    expect(await act(page, 'fetchThenMore', '/api/lowered')).toEqual([200, 200]);
    const trace = await expectClickOf(app, throughline, '/api/lowered');
    expect(propagatedBy(app.received('/api/lowered-more').at(-1)).traceId).toBe(trace.traceId);
    expect(await page.evaluate(() => Object.keys(window.throughline).sort())).toEqual(expect.arrayContaining(['flush', 'init', 'shutdown', 'trace', 'version']));
    // Enough spans for its memory to grow.
    await page.evaluate(async () => {
      for (let i = 0; i < 8_000; i++) window.throughline.trace(`span ${i} ${'x'.repeat(200)}`, () => i);
      await window.throughline.flush();
    });
    expect(await act(page, 'fetch', '/api/lowered-again')).toBe(200);
    await expectClickOf(app, throughline, '/api/lowered-again');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
}

test('an isolated page stays isolated', async ({ page, app, throughline, service, complaints }) => {
  const headers = { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin' };
  await page.goto(app.publish('worlds.html', { tag: throughline.tag(service), headers }));
  expect(await page.evaluate(() => window.crossOriginIsolated)).toBe(true);
  expect(await act(page, 'fetch', '/api/isolated')).toBe(200);
  await expectClickOf(app, throughline, '/api/isolated');
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

/** How many of the functions that are patched have the browser's own text in the eyes of another realm. */
const natives = () => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const { toString } = frame.contentWindow.Function.prototype;
  const texts = [fetch, setTimeout, queueMicrotask, Promise.prototype.then, Promise.resolve, Response.prototype.json, XMLHttpRequest.prototype.send, Function.prototype.toString, Worker.prototype.postMessage].map((f) => /\[native code\]/.test(toString.call(f)));
  frame.remove();
  return [texts, 'value' in Object.getOwnPropertyDescriptor(Promise.prototype, 'constructor')];
};
const ALL_NATIVE = [Array(9).fill(true), true];

test('a trap gives every function back and is said once', async ({ page, app, throughline, service, complaints }) => {
  const grab = `<script>{
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (...args) {
      const instance = new Instance(...args);
      window.memory = instance.exports.memory;
      return instance;
    };
  }</script>`;
  await page.goto(app.publish('worlds.html', { tag: grab + throughline.tag(service) }));
  expect(await page.evaluate(natives)).not.toEqual(ALL_NATIVE);
  expect(await act(page, 'fetch', '/api/before-the-trap')).toBe(200);
  await expectClickOf(app, throughline, '/api/before-the-trap');
  // What no page does: the tracer's memory is filled with rubbish.
  await page.evaluate(() => new Uint8Array(window.memory.buffer).fill(255));
  expect(await act(page, 'fetchThenMore', '/api/trapped')).toEqual([200, 200]);
  expect(await act(page, 'fetch', '/api/after-the-trap')).toBe(200);
  expect(propagatedBy(app.received('/api/after-the-trap').at(-1))).toBeNull();
  expect(await page.evaluate(natives)).toEqual(ALL_NATIVE);
  expect(complaints.errors).toEqual([]);
  expect(complaints.console.filter((text) => text.includes('[throughline]'))).toHaveLength(1);
});

const FREEZE = `<script>for (const name of Object.getOwnPropertyNames(globalThis)) {
  const { value } = Object.getOwnPropertyDescriptor(globalThis, name);
  if (typeof value === 'function') { Object.freeze(value); if (value.prototype) Object.freeze(value.prototype); }
}</script>`;

for (const when of ['before', 'after']) {
  test(`intrinsics frozen ${when} the tag`, async ({ page, app, throughline, service, complaints }) => {
    const tag = throughline.tag(service);
    await page.goto(app.publish('worlds.html', { tag: when === 'before' ? FREEZE + tag : tag + FREEZE }));
    expect(await page.evaluate(() => Object.isFrozen(Promise.prototype))).toBe(true);
    expect(await act(page, 'fetchThenMore', `/api/frozen-${when}`)).toEqual([200, 200]);
    await expectClickOf(app, throughline, `/api/frozen-${when}`);
    await page.evaluate(() => window.throughline.shutdown());
    expect(await act(page, 'fetch', '/api/frozen-over')).toBe(200);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test(`fetch replaced ${when} the tag is called once, with its own arguments, and stays`, async ({ page, app, throughline, service, complaints }) => {
    const own = `<script>{
      const before = window.fetch;
      window.calls = [];
      window.fetch = window.ownFetch = function own(...args) { window.calls.push([args.length, args[0]]); return before.apply(this, args); };
    }</script>`;
    const tag = throughline.tag(service);
    await page.goto(app.publish('worlds.html', { tag: when === 'before' ? own + tag : tag + own }));
    expect(await act(page, 'fetch', `/api/replaced-${when}`)).toBe(200);
    await expectClickOf(app, throughline, `/api/replaced-${when}`);
    // The tracer has no other fetch than the one that it found, so its own exports go through it too.
    expect((await page.evaluate(() => window.calls)).map(([, url]) => url).filter((url) => !url.includes('/v1/'))).toEqual([`/api/replaced-${when}`]);
    await page.evaluate(() => window.throughline.shutdown());
    expect(await page.evaluate(() => window.fetch === window.ownFetch)).toBe(true);
    expect(await act(page, 'fetch', '/api/replaced-over')).toBe(200);
    expect(propagatedBy(app.received('/api/replaced-over').at(-1))).toBeNull();
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
}

test('the tag twice is the tag once', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('worlds.html', { tag: throughline.tag(service).repeat(2) }));
  expect(await act(page, 'fetch', '/api/twice')).toBe(200);
  expect(app.received('/api/twice')).toHaveLength(1);
  const trace = await expectClickOf(app, throughline, '/api/twice');
  expect(trace.all('GET /api/twice')).toHaveLength(1);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('frames use the functions of their parent, and the parent those of its frames', async ({ page, app, throughline, service, complaints }) => {
  const results = [];
  for (const tag of ['', throughline.tag(service)]) {
    await page.goto(app.publish('worlds.html', { tag }));
    results.push(await act(page, 'frames', '/api/frames'));
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0]).toHaveLength(3);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

/** What a page loads beside the tracer: sets up the library, and says what it has seen. */
const LIBRARIES = {
  'zone.js': { code: `import 'zone.js';`, seen: () => typeof window.Zone },
  OpenTelemetry: {
    code: `
      import { WebTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-web';
      import { ZoneContextManager } from '@opentelemetry/context-zone';
      import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch';
      import { XMLHttpRequestInstrumentation } from '@opentelemetry/instrumentation-xml-http-request';
      import { registerInstrumentations } from '@opentelemetry/instrumentation';
      window.foreign = [];
      const exporter = { export(spans, done) { for (const span of spans) window.foreign.push(span.name); done({ code: 0 }); }, async shutdown() {}, async forceFlush() {} };
      const provider = new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
      provider.register({ contextManager: new ZoneContextManager() });
      registerInstrumentations({ tracerProvider: provider, instrumentations: [new FetchInstrumentation(), new XMLHttpRequestInstrumentation()] });`,
    seen: () => window.foreign.length >= 2,
  },
  Sentry: {
    code: `
      import * as Sentry from '@sentry/browser';
      window.foreign = [];
      Sentry.init({ dsn: 'https://0123456789abcdef0123456789abcdef@sentry.invalid/1', tracesSampleRate: 1, integrations: [Sentry.browserTracingIntegration()], transport: () => ({ send: async (envelope) => (window.foreign.push(envelope), {}), flush: async () => true }) });
      window.sentryFlush = () => Sentry.flush(2000);`,
    seen: () => typeof window.sentryFlush,
  },
};

for (const [library, { code, seen }] of Object.entries(LIBRARIES)) {
  for (const when of ['before', 'after']) {
    test(`${library} loaded ${when} the tag: both work, and a request carries one context`, async ({ page, app, throughline, service, complaints }) => {
      const other = await bundleOf(code);
      const path = `/api/${library.toLowerCase()}-${when}`;
      await page.goto(app.publish('worlds.html', { tag: '' }));
      const alone = await act(page, 'everything', `${path}-alone`);
      const tag = throughline.tag(service);
      await page.goto(app.publish('worlds.html', { tag: when === 'before' ? other + tag : tag + other }));
      expect(await act(page, 'everything', path)).toEqual(alone);
      const requests = app.requests.filter((request) => request.path.startsWith(path) && !request.path.includes('-alone'));
      expect(requests.length).toBe(3);
      for (const request of requests) expect(propagatedBy(request), `${request.path} ${request.headers.traceparent}`).not.toBeNull();
      await expect.poll(() => page.evaluate(seen)).toBeTruthy();
      // Ours saw the click and its requests.
      const trace = await throughline.waitForTraceOf(service, (read) => read.all({ name: /^GET /, kind: 'client' }).some(({ name }) => name.includes(path)), 'of the click');
      expectTrace(trace).hasRoot('click "Act"');
      expect(complaints.errors).toEqual([]);
    });
  }
}

/** Clients of the patched functions: what they give is the same with the tag and without. */
const CLIENTS = {
  axios: `import axios from 'axios'; window.client = async (path) => {
    const log = [];
    const client = axios.create({ baseURL: '/api', headers: { 'X-Own': '1' } });
    client.interceptors.request.use(async (config) => (await null, log.push('request ' + config.method), config));
    client.interceptors.response.use((response) => (log.push('response ' + response.status), response), (error) => { log.push('error ' + error.code); return Promise.reject(error); });
    const told = (promise) => promise.then(({ status, data }) => [status, data], (error) => [error.name, error.code, error.message, error.response?.status]);
    for (const adapter of ['xhr', 'fetch']) {
      const to = path + '-' + adapter;
      log.push(await told(client.get(to, { adapter, params: { a: [1, 2] } })), await told(client.post(to, { b: 1 }, { adapter })), await told(client.get(to + '?status=404', { adapter })), await told(client.get(to + '?delay=2000', { adapter, timeout: 30 })), await told(client.get(to + '?fail=reset', { adapter })));
      const abort = new AbortController();
      const aborted = told(client.get(to + '?delay=2000', { adapter, signal: abort.signal }));
      setTimeout(() => abort.abort(), 20);
      log.push(await aborted, await told(client.get(to, { adapter, responseType: 'text', transformResponse: (text) => text.length })), await told(axios.all([client.get(to, { adapter })]).then(([one]) => one)));
    }
    return log;
  };`,
  'the fetch polyfill': `import { fetch as polyfill, Headers, Request, Response } from 'whatwg-fetch'; window.client = async (path) => {
    const log = [];
    const told = (call) => Promise.resolve().then(call).then((value) => ['resolves', value], (error) => [error.name, error.message]);
    const echo = async (...args) => { const { method, body } = await (await polyfill(...args)).json(); return [method, body]; };
    const to = '/api' + path + '?echo=1';
    log.push(await told(() => echo(to)), await told(() => echo(to, { method: 'post', body: 'x' })), await told(() => echo(new Request(to, { method: 'PUT', body: 'y', headers: new Headers({ a: 'b' }) }))));
    log.push(await told(() => polyfill('/api' + path + '?status=500').then(({ status, ok }) => [status, ok])), await told(() => polyfill('/api' + path + '?fail=reset')), await told(() => polyfill('/api' + path + '?body=no').then((response) => response.json()).catch((error) => { throw new Error(error.name); })));
    const abort = new AbortController();
    const aborted = told(() => polyfill('/api' + path + '?delay=2000', { signal: abort.signal }));
    setTimeout(() => abort.abort(), 20);
    log.push(await aborted, await told(() => polyfill('/api' + path).then(async (response) => [await response.clone().text(), await response.text(), response.bodyUsed])), await told(() => new Response('z').text()));
    return log;
  };`,
};

for (const [client, code] of Object.entries(CLIENTS)) {
  test(`${client} gives what it gives without the tag`, async ({ page, app, throughline, service, complaints }) => {
    const loaded = await bundleOf(code);
    const results = [];
    for (const tag of ['', throughline.tag(service)]) {
      await page.goto(app.publish('worlds.html', { tag: tag + loaded }));
      results.push(await page.evaluate(() => window.client('/client')), await act(page, 'client', '/client'));
    }
    expect(results[0].length).toBeGreaterThan(8);
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
    expect(propagatedBy(app.requests.at(-1))).not.toBeNull();
    expect(complaints.errors).toEqual([]);
  });
}
