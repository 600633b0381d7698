'use strict';
// Fetch (https://fetch.spec.whatwg.org): the function, Request, Response and their bodies.
{
  const echoed = async (...args) => {
    const response = await fetch(...args);
    const { method, headers, body } = await response.json();
    const { accept, origin, referer, 'content-type': type, 'content-length': length } = headers;
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-')));
    return { method, accept, origin, referer, type: type?.replace(/boundary=.*/, 'boundary'), length: type?.includes('boundary') ? '' : length, own, body: body.replaceAll(/----\w+/g, 'boundary') };
  };
  const url = '/api/wpt?echo=1';
  const plain = (response) => [response.status, response.ok, response.type, response.redirected, response.url.replace(location.origin, ''), response.bodyUsed];

  table('fetch: methods', ['GET', 'get', 'Get', 'HEAD', 'post', 'PUT', 'put', 'delete', 'OPTIONS', 'PATCH', 'patch', 'CONNECT', 'trace', 'TRACK', 'CHICKEN', 'b a d', '', null, 5], (method) => [
    `method ${method}`,
    async () => (String(method).toUpperCase() === 'HEAD' ? plain(await fetch('/api/wpt', { method })) : echoed(url, { method })),
  ]);

  table(
    'fetch: init members',
    [
      ['mode', 'cors'], ['mode', 'same-origin'], ['mode', 'no-cors'], ['mode', 'navigate'], ['mode', 'wrong'],
      ['credentials', 'omit'], ['credentials', 'include'], ['credentials', 'wrong'],
      ['cache', 'no-store'], ['cache', 'reload'], ['cache', 'only-if-cached'], ['cache', 'wrong'],
      ['redirect', 'error'], ['redirect', 'manual'], ['redirect', 'wrong'],
      ['referrer', ''], ['referrer', '/somewhere'], ['referrer', 'about:client'], ['referrer', 'https://other.example/'], ['referrer', 'http://['],
      ['referrerPolicy', 'no-referrer'], ['referrerPolicy', 'origin'], ['referrerPolicy', 'wrong'],
      ['integrity', ''], ['integrity', 'sha256-AAAA'], ['integrity', 'nonsense'],
      ['keepalive', true], ['keepalive', 'yes'], ['priority', 'high'], ['priority', 'wrong'],
      ['signal', null], ['signal', {}], ['signal', AbortSignal.abort()], ['window', null], ['window', 1], ['duplex', 'half'], ['duplex', 'full'],
      ['headers', {}], ['headers', null], ['headers', 1], ['headers', 'a'], ['headers', [['x-a']]], ['headers', [['x-a', 'b', 'c']]], ['headers', { 'x a': 'b' }], ['headers', { 'x-a': 'b\nc' }], ['headers', { 'x-a': ' b ' }], ['headers', { 'x-a': 'ü' }], ['headers', { 'x-a': '☃' }], ['headers', new Map([['x-a', 'b']])], ['headers', { 'x-a': { toString: () => 'object' } }], ['headers', [['x-a', '1'], ['X-A', '2']]], ['headers', { host: 'x', cookie: 'y', 'x-a': 'z' }],
      ['body', null], ['body', ''], ['body', 'on a get'], ['unknown', 1],
    ],
    ([member, value], index) => [`${member} ${index}`, () => echoed(url, { [member]: value })],
  );

  const form = new FormData();
  form.append('a', 'b');
  form.append('file', new File(['content'], 'name.txt', { type: 'text/plain' }));
  const bodies = {
    text: () => 'text ü',
    parameters: () => new URLSearchParams({ a: 'b c' }),
    form: () => form,
    blob: () => new Blob(['blob'], { type: 'text/x-own' }),
    'blob without a type': () => new Blob(['blob']),
    bytes: () => new Uint8Array([65, 66, 67]),
    buffer: () => new Uint8Array([68, 69]).buffer,
    view: () => new DataView(new Uint8Array([65, 66, 67, 68]).buffer, 1, 2),
    number: () => 5,
    object: () => ({}),
    'own toString': () => ({ toString: () => 'own' }),
    stream: () => new Response('streamed').body,
  };
  table('fetch: bodies', Object.entries(bodies), ([name, body]) => [`body ${name}`, () => echoed(url, { method: 'POST', body: body() })]);
  table('fetch: bodies', Object.entries(bodies), ([name, body]) => [`body ${name} in a Request`, () => echoed(new Request(url, { method: 'POST', body: body(), duplex: 'half' }))]);
  table('fetch: bodies', Object.entries(bodies), ([name, body]) => [`body ${name} and a type`, () => echoed(url, { method: 'POST', body: body(), headers: { 'content-type': 'x/y' } })]);

  const request = (init) => new Request(url, init);
  cases('fetch: Request', {
    'Request as it is': () => echoed(request({ headers: { 'x-a': 'b' } })),
    'Request with init headers': () => echoed(request({ headers: { 'x-a': 'b' } }), { headers: { 'x-c': 'd' } }),
    'Request with empty init': () => echoed(request({ headers: { 'x-a': 'b' } }), {}),
    'Request with undefined members': () => echoed(request({ method: 'POST', body: 'x', headers: { 'x-a': 'b' } }), { method: undefined, headers: undefined, body: undefined }),
    'Request with another method': () => echoed(request({ method: 'POST', body: 'x' }), { method: 'PUT' }),
    'Request with a body as init': () => echoed('/api/wpt?echo=1&n=2', request({ method: 'POST', body: 'x', headers: { 'x-a': 'b' }, duplex: 'half' })),
    'Request with a referrer': () => echoed(request({ referrer: '/there', referrerPolicy: 'same-origin' })),
    'Request with a referrer and init': () => echoed(request({ referrer: '/there' }), { cache: 'no-store' }),
    'Request no-cors': async () => plain(await fetch(request({ mode: 'no-cors' }))),
    'Request no-cors with headers': () => echoed(request({ mode: 'no-cors', headers: { 'x-a': 'b', 'accept': 'text/x' } })),
    'Request is used up': async () => {
      const once = request({ method: 'POST', body: 'x' });
      const first = fetch(once);
      const used = once.bodyUsed;
      await first;
      return [used, once.bodyUsed, await outcome(() => fetch(once)), await outcome(() => once.text())];
    },
    'Request without a body is used again': async () => {
      const again = request();
      return [await echoed(again), await echoed(again), again.bodyUsed];
    },
    'Request keeps its headers': async () => {
      const kept = request({ headers: { 'x-a': 'b' } });
      await fetch(kept);
      return [...kept.headers];
    },
    'Request subclassed': () => echoed(new (class Own extends Request {})(url, { headers: { 'x-a': 'b' } })),
    'Request of another realm': async () => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const result = await outcome(() => echoed(new frame.contentWindow.Request(new URL(url, location), { method: 'POST', body: 'x', headers: { 'x-a': 'b' } })));
      frame.remove();
      return result;
    },
    'Request with an aborted signal': () => fetch(request({ signal: AbortSignal.abort() })),
    'Request with keepalive and integrity': () => echoed(request({ keepalive: true, integrity: 'sha256-AAAA' })),
    'what init is asked for': async () => {
      const asked = [];
      const init = new Proxy({ method: 'POST', body: 'x', headers: { 'x-a': 'b' } }, { get: (target, key) => (asked.push(String(key)), target[key]) });
      const answer = await echoed(url, init);
      return [answer, [...new Set(asked)].length > 0];
    },
    'an init that inherits': () => echoed(url, Object.create({ method: 'POST', body: 'inherited', headers: { 'x-a': 'b' } })),
    'an init whose member throws': () => echoed(url, { get method() { throw new RangeError('method'); } }),
    'headers whose iteration throws': () => echoed(url, { headers: { get 'x-a'() { throw new RangeError('header'); } } }),
    'headers that are gone through once': async () => {
      let times = 0;
      const headers = { *[Symbol.iterator]() { times += 1; yield ['x-a', 'b']; } };
      return [await echoed(url, { headers }), times];
    },
    'a URL that is an object': () => echoed({ toString: () => url }),
    'a URL whose toString throws': () => echoed({ toString() { throw new RangeError('url'); } }),
    'a URL that is asked for once': async () => {
      let times = 0;
      const answer = await echoed({ toString: () => ((times += 1), url) });
      return [answer, times > 0];
    },
    'a URL with a fragment': async () => plain(await fetch('/api/wpt?n=1#there')),
    'a URL with credentials': () => fetch(`http://user:word@${location.host}/api/wpt`),
    'an empty URL': async () => (await fetch('')).status,
    'data, blob, about and unknown schemes': async () => [
      await (await fetch('data:text/plain;charset=utf-8,a%20b')).text(),
      await (await fetch(URL.createObjectURL(new Blob(['b'], { type: 'x/y' })))).text(),
      await outcome(() => fetch('about:blank')),
      await outcome(() => fetch('about:unicorn')),
      await outcome(() => fetch('unknown:x')),
      await outcome(() => fetch('javascript:1')),
    ],
  });

  cases('fetch: answers', {
    'text twice': async () => {
      const response = await fetch('/api/wpt');
      return [await response.text(), response.bodyUsed, await outcome(() => response.text()), await outcome(() => response.clone())];
    },
    'every reader': async () => Promise.all(['text', 'json', 'blob', 'arrayBuffer', 'bytes', 'formData'].map((reader) => outcome(async () => Object.prototype.toString.call(await (await fetch('/api/wpt'))[reader]())))),
    'a response is the reader\'s own': async () => {
      const response = await fetch('/api/wpt');
      const { body } = response;
      const same = response.body === body;
      const locked = body.locked;
      const text = response.text();
      return [same, locked, body.locked, await text, body.locked];
    },
    'a body by its reader': async () => {
      const response = await fetch('/api/wpt');
      const reader = response.body.getReader();
      const { value, done } = await reader.read();
      return [response.bodyUsed, value.length, done, (await reader.read()).done, await outcome(() => response.text())];
    },
    'a body by for await': async () => {
      let length = 0;
      for await (const chunk of (await fetch('/api/wpt')).body) length += chunk.length;
      return length;
    },
    'a body piped': async () => new Response((await fetch('/api/wpt')).body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).json(),
    'a body teed by clone': async () => {
      const response = await fetch('/api/wpt');
      const copy = response.clone();
      return [await response.json(), copy.bodyUsed, await copy.json(), copy.url === response.url];
    },
    'a body cancelled': async () => {
      const response = await fetch('/api/wpt');
      await response.body.cancel('enough');
      return [response.bodyUsed, await outcome(() => response.text())];
    },
    'a body never read': async () => plain(await fetch('/api/wpt')),
    'status 204': async () => plain(await fetch('/api/wpt?status=204')).concat(await (await fetch('/api/wpt?status=204')).text()),
    'status 404': async () => plain(await fetch('/api/wpt?status=404')),
    'status 500': async () => plain(await fetch('/api/wpt?status=500')),
    'a redirect': async () => plain(await fetch('/api/wpt?status=302&location=/api/wpt-there')),
    'a redirect refused': () => fetch('/api/wpt?status=302&location=/api/wpt-there', { redirect: 'error' }),
    'a redirect left alone': async () => plain(await fetch('/api/wpt?status=302&location=/api/wpt-there', { redirect: 'manual' })),
    'a 307 keeps its body': () => echoed('/api/wpt?status=307&location=/api/wpt%3Fecho=1', { method: 'POST', body: 'kept' }),
    'a redirect without an end': () => fetch('/api/loop?status=302&location=/api/loop%3Fstatus=302%26location=/api/loop'),
    'integrity that fits': async () => {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('{"ok":true}')));
      return (await fetch('/api/wpt', { integrity: `sha256-${btoa(String.fromCharCode(...digest))}` })).json();
    },
    'not JSON': async () => (await fetch('/api/wpt?body=text')).json(),
    'an empty body as JSON': async () => (await fetch('/api/wpt?status=204')).json(),
    'a broken connection': () => fetch('/api/wpt?fail=reset'),
    'the constructor of what is returned': async () => {
      const promise = fetch('/api/wpt');
      const response = await promise;
      return [promise.constructor === Promise, Object.getPrototypeOf(promise) === Promise.prototype, response.constructor === Response, response instanceof Response, Reflect.ownKeys(promise).length, Reflect.ownKeys(response).length];
    },
    'headers cannot be changed': async () => outcome(async () => (await fetch('/api/wpt')).headers.set('a', 'b')),
    'Response of the page\'s own': async () => {
      const own = new Response('{"a":1}', { status: 201, headers: { 'x-a': 'b' } });
      return [own.status, await own.clone().json(), await own.text(), await outcome(() => own.json()), Response.error().type, Response.redirect('/x').status, await Response.json([1]).text()];
    },
    'readers on what is no response': async () => Promise.all(['text', 'json', 'blob', 'arrayBuffer', 'formData'].map((reader) => outcome(() => Response.prototype[reader].call({})))),
    'readers of a Request': async () => Promise.all(['text', 'json', 'blob'].map(async (reader) => Object.prototype.toString.call(await new Request('/', { method: 'POST', body: '{}' })[reader]()))),
  });

  cases('fetch: abort', {
    'before': async () => outcome(() => fetch('/api/wpt', { signal: AbortSignal.abort() })),
    'before, with a reason of one\'s own': async () => {
      const reason = { own: true };
      try {
        await fetch('/api/wpt', { signal: AbortSignal.abort(reason) });
      } catch (error) {
        return error === reason;
      }
    },
    'at once after the call': async () => {
      const abort = new AbortController();
      const promise = outcome(() => fetch('/api/wpt?delay=500', { signal: abort.signal }));
      abort.abort();
      return promise;
    },
    'while it waits': async () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 30);
      return outcome(() => fetch('/api/wpt?delay=2000', { signal: abort.signal }));
    },
    'by a time limit': () => fetch('/api/wpt?delay=2000', { signal: AbortSignal.timeout(20) }),
    'by one of several': () => fetch('/api/wpt?delay=2000', { signal: AbortSignal.any([new AbortController().signal, AbortSignal.timeout(20)]) }),
    'the body': async () => {
      const abort = new AbortController();
      const response = await fetch('/api/wpt', { signal: abort.signal });
      abort.abort();
      return [response.status, (await outcome(() => response.text())).length > 0, response.bodyUsed];
    },
    'after the body': async () => {
      const abort = new AbortController();
      const text = await (await fetch('/api/wpt', { signal: abort.signal })).text();
      abort.abort();
      return [text, abort.signal.aborted];
    },
    'init\'s signal wins over the Request\'s': async () => {
      const mine = AbortSignal.abort('request');
      return outcome(() => fetch(new Request('/api/wpt', { signal: mine }), { signal: null }).then(plain));
    },
    'the order of the abort event and the rejection': async () => {
      const { said, say } = journal();
      const abort = new AbortController();
      abort.signal.onabort = say('event');
      const done = fetch('/api/wpt?delay=500', { signal: abort.signal }).catch(say('rejected'));
      abort.abort();
      say('after abort')();
      await done;
      return said;
    },
    'rejections come in the order of the calls': async () => {
      const { said, say } = journal();
      const abort = new AbortController();
      const all = [1, 2, 3].map((n) => fetch(`/api/wpt?delay=500&n=${n}`, { signal: abort.signal }).catch(() => say(`rejected ${n}`)()));
      abort.abort();
      await Promise.all(all);
      return said;
    },
  });

  cases('fetch: called', {
    'without arguments': () => fetch(),
    'as a constructor': () => new fetch('/api/wpt'),
    'on undefined': () => fetch.call(undefined, '/api/wpt').then(plain),
    'on an object': () => fetch.call({}, '/api/wpt'),
    'on a frame\'s window': async () => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const result = await outcome(() => fetch.call(frame.contentWindow, new URL('/api/wpt', location)).then((response) => response.status));
      frame.remove();
      return result;
    },
    'with null': () => fetch(null).then((response) => response.status),
    'with a symbol': () => fetch(Symbol('x')),
    'with an init that is no object': async () => [await outcome(() => fetch('/api/wpt', 'x')), await outcome(() => fetch('/api/wpt', 5)), (await fetch('/api/wpt', null)).status, (await fetch('/api/wpt', undefined)).status],
    'with a third argument': async () => (await fetch('/api/wpt', {}, 'third')).status,
    'bound, applied, destructured': async () => {
      const { fetch: bare } = window;
      return [(await bare('/api/wpt')).status, (await fetch.bind(window)('/api/wpt')).status, (await Reflect.apply(fetch, window, ['/api/wpt'])).status];
    },
    'many at once': async () => (await Promise.all(Array.from({ length: 12 }, (_, n) => fetch(`/api/wpt?n=${n}`)))).map((response) => new URL(response.url).searchParams.get('n')),
  });
}
