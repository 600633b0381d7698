// The tracer on pages whose libraries stand in the browser's place, and on those that change what all objects have: the page
// works as it does without the tag, and no error of the tracer's becomes the page's.
import { expect, test } from '../harness/fixtures.js';
import { propagatedBy } from '../harness/page-server.js';
import { act, bundleOf } from '../harness/worlds.js';

const script = (text) => `<script>${text}</script>`;

/** A class with the methods of one of the browser's, which it asks for everything, as mocks and polyfills are made. */
const CLASS = (name, methods, properties) => `{
  const Native = window.${name};
  window.${name} = class ${name} {
    #native;
    constructor(...args) {
      this.#native = new Native(...args);
      for (const key of ${JSON.stringify(properties)}) Object.defineProperty(this, key, { get: () => this.#native[key], set: (value) => { this.#native[key] = value; } });
    }
    ${methods.map((method) => `${method}(...args) { return this.#native.${method}(...args); }`).join('\n    ')}
  };
}`;

/**
 * What a page has → how it gets it, and which requests of `everything` carry a trace where the tag stands before and
 * after it: what stands over the browser before the tag is there can only be followed where it calls the browser's again.
 * A tag from another origin that cannot start says so twice: it has tried as a script of the page's as well.
 */
const PAGES = {
  'methods of its own for all objects': {
    code: script('Object.prototype.extend = function () {}; Object.prototype.value = 5; Object.prototype.headers = undefined; Array.prototype.each = function () {}; Object.prototype.mode = "same-origin";'),
    before: 3,
    after: 3,
  },
  'a `get` for all objects': { code: script('Object.prototype.get = function () { return 1; };'), before: 3, after: 0, warnings: { after: 2 } },
  'an XMLHttpRequest of a library': {
    code: script(CLASS('XMLHttpRequest', ['open', 'send', 'setRequestHeader', 'abort', 'getAllResponseHeaders'], ['onload', 'onerror', 'readyState', 'responseText', 'response', 'status'])),
    before: 3,
    after: 2,
  },
  'another fetch, with its own Request, Response and Headers': {
    code: () => bundleOf('import { fetch, Headers, Request, Response } from "whatwg-fetch"; Object.assign(window, { fetch, Headers, Request, Response });'),
    before: 3,
    // The polyfill sends with an XMLHttpRequest; what its Request says is its own affair.
    after: 3,
  },
};

for (const [name, { code, warnings = {}, ...carried }] of Object.entries(PAGES)) {
  for (const when of ['before', 'after']) {
    test(`a page with ${name}, the tag ${when} it, works as without`, async ({ page, app, throughline, service, complaints }) => {
      const library = typeof code === 'function' ? await code() : code;
      const path = `/api/companion-${Object.keys(PAGES).indexOf(name)}-${when}`;
      await page.goto(app.publish('worlds.html', { tag: library }));
      const alone = await act(page, 'everything', `${path}-alone`);
      expect(alone.length).toBeGreaterThan(5);
      const tag = throughline.tag(service);
      await page.goto(app.publish('worlds.html', { tag: when === 'before' ? tag + library : library + tag }));
      expect(await act(page, 'everything', path)).toEqual(alone);
      const requests = app.requests.filter((request) => request.path.startsWith(path) && !request.path.includes('-alone'));
      expect(requests).toHaveLength(3);
      expect(requests.filter(propagatedBy)).toHaveLength(carried[when]);
      expect(complaints.errors).toEqual([]);
      expect(complaints.console.filter((text) => text.includes('[throughline]'))).toHaveLength(warnings[when] ?? 0);
    });
  }
}

test('what all objects have is no part of what the late half replaces', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('worlds.html', { tag: throughline.tag(service) + script('Object.prototype.get = function () { return 1; };') }));
  // It ends when the late half is there.
  await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name.startsWith('load '), 'of the load');
  const kinds = await page.evaluate(() => [FileReader, MediaRecorder, WritableStream, TransformStream, IDBFactory.prototype.open, Element.prototype.animate, Element.prototype.setAttribute, History.prototype.pushState].map((one) => typeof one));
  expect(new Set(kinds)).toEqual(new Set(['function']));
  expect(await page.evaluate(() => new FileReader() instanceof FileReader)).toBe(true);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

/** Constructors that the tracer replaces, in a page whose library has replaced them: they are made and used as without. */
test('objects of libraries in the place of workers, channels, sockets and readers are left alone', async ({ page, app, throughline, service, complaints }) => {
  const names = ['Worker', 'SharedWorker', 'MessageChannel', 'WebSocket', 'EventSource', 'FileReader', 'MediaRecorder', 'XMLHttpRequest', 'IntersectionObserver', 'ResizeObserver'];
  const library = script(`for (const name of ${JSON.stringify(names)}) {
    window[name] = { [name]: class { constructor(...args) { this.args = args; this.port = this.port1 = this.port2 = {}; } observe() {} postMessage() { return 'posted'; } send() { return 'sent'; } open() { return 'opened'; } readAsText() { return 'read'; } stop() {} close() {} terminate() {} } }[name];
  }`);
  await page.goto(app.publish('worlds.html', { tag: library + throughline.tag(service) }));
  // It ends when the late half is there, which replaces readers and recorders.
  await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name.startsWith('load '), 'of the load');
  const made = await page.evaluate(
    (all) =>
      all.map((name) => {
        const object = new window[name]('/somewhere', 2);
        return [object instanceof window[name], object.constructor === window[name], object.args.length, object.postMessage(), object.send(), object.open('GET', '/x'), object.readAsText()].join();
      }),
    names,
  );
  expect(made).toEqual(names.map(() => 'true,true,2,posted,sent,opened,read'));
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('a library over fetch that was there before the tag finds what the page has said, in its shape', async ({ page, app, throughline, service, complaints }) => {
  const library = script(`{
    const { fetch } = window;
    window.told = [];
    window.fetch = (input, init) => {
      const { headers } = init ?? {};
      const shape = Array.isArray(headers) ? 'list' : headers instanceof Headers ? 'Headers' : typeof headers;
      const own = headers && [...new Headers(headers)].filter(([name]) => name !== 'traceparent');
      if (!String(input).includes('/v1/')) window.told.push([String(input), shape, own, headers?.['X-Own'], { ...init, headers: 0 }]);
      if (headers instanceof Headers) headers.append('x-more', '1');
      return fetch(input, init);
    };
  }`);
  const calls = () =>
    (async () => {
      const path = '/api/companion-over';
      await fetch(path, { headers: { 'X-Own': '1' }, retries: 3 });
      await fetch(path, { headers: [['X-Own', '1']], method: 'POST', body: 'x' });
      await fetch(path, { headers: new Headers({ 'X-Own': '1' }), next: { revalidate: 1 } });
      await fetch(path, { headers: new Map([['X-Own', '1']]) });
      await fetch(path, { timeout: 5 });
      return window.told;
    })();
  await page.goto(app.publish('worlds.html', { tag: library }));
  const alone = await page.evaluate(calls);
  expect(alone).toHaveLength(5);
  await page.goto(app.publish('worlds.html', { tag: library + throughline.tag(service) }));
  const told = await page.evaluate(calls);
  // Where the page has said nothing of headers, or as an iterable, there is no shape to keep.
  const shapeless = (calls) => calls.map(([input, shape, ...rest], at) => (at > 2 ? [input, rest[0] ?? [], rest[2]] : [input, shape, ...rest]));
  expect(shapeless(told)).toEqual(shapeless(alone));
  const requests = app.received('/api/companion-over').slice(5);
  expect(requests.map((request) => [Boolean(propagatedBy(request)), request.headers['x-own'], request.headers['x-more']])).toEqual([
    [true, '1', undefined],
    [true, '1', undefined],
    [true, '1', '1'],
    [true, '1', undefined],
    [true, undefined, undefined],
  ]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});
