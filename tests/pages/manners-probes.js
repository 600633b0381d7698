'use strict';
// Everything that a page can observe of the functions that a tracer patches. Each probe returns plain data, which must
// be the same with the tag and without it.
{
  const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
  const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const told = (error) => (error instanceof Error || error instanceof DOMException ? `${error.name}: ${error.message}` : String(error));

  /** What a call gives or throws, at once and later. */
  async function outcome(call) {
    let result;
    try {
      result = call();
    } catch (error) {
      return `throws ${told(error)}`;
    }
    if (!(result instanceof Promise)) return `returns ${typeof result} ${String(result)}`;
    return result.then(
      (value) => `resolves ${String(value)}`,
      (error) => `rejects ${told(error)}`,
    );
  }

  const event = (source, name) => new Promise((resolve) => source.addEventListener(name, resolve, { once: true }));

  const PATCHABLE = {
    window: [window, ['fetch', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'requestAnimationFrame', 'cancelAnimationFrame', 'requestIdleCallback', 'cancelIdleCallback', 'queueMicrotask', 'postMessage', 'MessageChannel', 'MessagePort', 'XMLHttpRequest', 'Promise', 'Response', 'Request', 'Headers']],
    Promise: [Promise, ['resolve', 'reject', 'all', 'allSettled', 'any', 'race', 'withResolvers', 'try', Symbol.species]],
    'Promise.prototype': [Promise.prototype, ['then', 'catch', 'finally', Symbol.toStringTag]],
    'Response.prototype': [Response.prototype, ['json', 'text', 'arrayBuffer', 'blob', 'formData', 'bytes', 'clone', 'body', 'bodyUsed']],
    'Request.prototype': [Request.prototype, ['json', 'text', 'arrayBuffer', 'blob', 'formData', 'clone']],
    'XMLHttpRequest.prototype': [XMLHttpRequest.prototype, ['open', 'send', 'abort', 'setRequestHeader', 'getResponseHeader', 'onreadystatechange']],
    'XMLHttpRequestEventTarget.prototype': [XMLHttpRequestEventTarget.prototype, ['onload', 'onloadend', 'onerror', 'onprogress']],
    'MessagePort.prototype': [MessagePort.prototype, ['postMessage', 'start', 'close', 'onmessage']],
    'MessageChannel.prototype': [MessageChannel.prototype, ['port1', 'port2']],
    'EventTarget.prototype': [EventTarget.prototype, ['addEventListener', 'removeEventListener', 'dispatchEvent']],
    'Scheduler.prototype': [Scheduler.prototype, ['postTask', 'yield']],
    'History.prototype': [History.prototype, ['pushState', 'replaceState']],
    'Function.prototype': [Function.prototype, ['toString']],
    'Navigator.prototype': [Navigator.prototype, ['sendBeacon']],
  };

  const functionFacts = (value) =>
    typeof value !== 'function'
      ? typeof value
      : {
          name: value.name,
          length: value.length,
          text: Function.prototype.toString.call(value),
          own: Reflect.ownKeys(value).map(String).sort(),
          constructs: (() => {
            try {
              Reflect.construct(Object, [], value);
              return true;
            } catch {
              return false;
            }
          })(),
        };

  const probes = {
    // ---- shapes ----

    'names, lengths, texts and descriptors of patched functions'() {
      const facts = {};
      for (const [owner, [object, keys]] of Object.entries(PATCHABLE)) {
        for (const key of keys) {
          const descriptor = Object.getOwnPropertyDescriptor(object, key);
          facts[`${owner}.${String(key)}`] = descriptor && {
            configurable: descriptor.configurable,
            enumerable: descriptor.enumerable,
            writable: descriptor.writable,
            value: functionFacts(descriptor.value),
            get: functionFacts(descriptor.get),
            set: functionFacts(descriptor.set),
          };
        }
      }
      return facts;
    },
    'every function of every interface'() {
      const facts = {};
      const note = (name, object) => {
        for (const key of Object.getOwnPropertyNames(object)) {
          const { enumerable, configurable, writable, value, get, set } = Object.getOwnPropertyDescriptor(object, key);
          // CAUSALITY.md exempts this one.
          if (`${name}.${key}` !== 'Promise.prototype.constructor') {
            facts[`${name}.${key}`] = [enumerable, configurable, writable, functionFacts(value), functionFacts(get), functionFacts(set)];
          }
        }
      };
      for (const name of Object.getOwnPropertyNames(window)) {
        const { value } = Object.getOwnPropertyDescriptor(window, name);
        if (typeof value !== 'function' || !/^[A-Z]/.test(name)) continue;
        note(name, value);
        if (value.prototype) note(`${name}.prototype`, value.prototype);
      }
      return facts;
    },

    'what is patched refuses what it has always refused'() {
      const attempts = {
        constructor: () => new FileReader().constructor === FileReader,
        'an heir': () => new (class extends FileReader { own = 1; })().own,
        'without new': () => FileReader(),
        'a transformer that is no object': () => new TransformStream(5) instanceof TransformStream,
        'a sink that is null': () => new WritableStream(null),
        'a transformer that does not transform': () => new TransformStream({ transform: 5 }),
        'observers without a callback': () => new IntersectionObserver(),
        'performance observer without a callback': () => new PerformanceObserver(),
        'a callback that is none': () => new ResizeObserver({}),
        'another receiver of history.back': () => history.back.call({}),
        'another receiver of animate': () => Element.prototype.animate.call({}),
        'another receiver of src': () => Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src').set.call({}, 'x'),
        'setAttribute without arguments': () => document.body.setAttribute(),
        'toBlob without a callback': () => document.createElement('canvas').toBlob(),
        'toBlob with an object': () => document.createElement('canvas').toBlob({}),
        'SharedWorker without an address': () => new SharedWorker(),
        'open without a name': () => indexedDB.open(),
        'a listener without a receiver': () => EventTarget.prototype.addEventListener.call(undefined, 'transitionend', () => {}),
        'a listener without a listener': () => new EventTarget().addEventListener('transitionend'),
      };
      return Object.fromEntries(Object.entries(attempts).map(([name, attempt]) => {
        try {
          return [name, String(attempt())];
        } catch (error) {
          return [name, `${error.name}: ${error.message}`];
        }
      }));
    },

    'own keys of what is patched'() {
      const keys = (object) => Reflect.ownKeys(object).map(String).sort();
      return Object.fromEntries(
        Object.entries(PATCHABLE).map(([owner, [object]]) => [owner, owner === 'window' ? keys(object).filter((key) => !['throughline', 'wanted', 'probed', 'run'].includes(key)) : keys(object)]),
      );
    },
    async 'own keys of instances'() {
      const keys = (object) => Reflect.ownKeys(object).map(String);
      const response = await fetch('/api/manners');
      const xhr = new XMLHttpRequest();
      xhr.open('GET', '/api/manners');
      const channel = new MessageChannel();
      return [keys(Promise.resolve()), keys(fetch('/api/manners')), keys(response), keys(xhr), keys(channel.port1), keys((async () => {})())];
    },

    // ---- promises ----

    async 'the order of reactions'() {
      const log = [];
      const say = (text) => () => void log.push(text);
      const settled = Promise.resolve();
      const inner = async () => {};
      (async () => {
        say('a0')();
        await settled;
        say('a1')();
        await null;
        say('a2')();
        await inner();
        say('a3')();
        await settled;
        say('a4')();
      })();
      settled.then(say('t1')).then(say('t2')).then(say('t3')).then(say('t4')).then(say('t5'));
      queueMicrotask(say('m1'));
      (async () => {
        await { then: (resolve) => (say('thenable')(), resolve()) };
        say('b1')();
        await Promise.reject(new Error('b')).catch(say('b2'));
        say('b3')();
      })();
      Promise.all([settled, 1, inner()]).then(say('all'));
      Promise.race([settled, inner()]).then(say('race'));
      Promise.any([Promise.reject(new Error('c')), settled]).then(say('any'));
      Promise.allSettled([settled]).then(say('allSettled'));
      Promise.resolve(settled).finally(say('finally')).then(say('after finally'));
      new Promise((resolve) => resolve(settled)).then(say('adopted'));
      (async () => settled)().then(say('returned'));
      (async () => {
        async function* numbers() {
          yield 1;
          yield settled;
          return 3;
        }
        for await (const number of numbers()) say(`n${number}`)();
        for await (const value of [settled, 2]) say(`v${value}`)();
        say('n end')();
      })();
      queueMicrotask(() => queueMicrotask(say('m2')));
      await sleep(20);
      return log;
    },
    async 'the order of tasks'() {
      const log = [];
      const say = (text) => () => void log.push(text);
      const channel = new MessageChannel();
      channel.port1.onmessage = ({ data }) => say(`message ${data}`)();
      channel.port2.postMessage(1);
      channel.port2.postMessage(2);
      setTimeout(say('timeout 0'), 0);
      setTimeout(() => (say('timeout 0 again')(), Promise.resolve().then(say('its reaction'))), 0);
      setTimeout(say('timeout 30'), 30);
      setTimeout(say('timeout 15'), 15);
      queueMicrotask(say('microtask'));
      say('now')();
      await sleep(80);
      return [log.filter((text) => text.startsWith('timeout') || text.startsWith('its')), log.filter((text) => text.startsWith('message')), log.slice(0, 2)];
    },
    async 'promise identities'() {
      class Own extends Promise {}
      const own = Own.resolve(1);
      const settled = Promise.resolve(1);
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const Foreign = frame.contentWindow.Promise;
      const foreign = Foreign.resolve(7);
      const facts = [
        Promise.resolve(settled) === settled,
        Own.resolve(own) === own,
        Promise.resolve(own) === own,
        Promise.resolve(foreign) === foreign,
        own.then(() => {}) instanceof Own,
        own.constructor === Own,
        settled.constructor === Promise,
        Promise.prototype.constructor === Promise,
        'constructor' in settled,
        Object.hasOwn(settled, 'constructor'),
        fetch('/api/manners').constructor === Promise,
        (async () => {})().constructor === Promise,
        Object.prototype.toString.call(settled),
        foreign.constructor === Foreign,
        await foreign,
        await own,
        await outcome(() => Promise.prototype.then.call({}, () => {})),
        await outcome(() => Promise.resolve.call(undefined, 1)),
        await outcome(() => Promise.prototype.then.call(settled, undefined, undefined)),
        await outcome(() => Promise.prototype.then.call(settled, 'no function', 5)),
        await outcome(() => Promise.prototype.then.call(settled)),
        await outcome(() => Promise.reject(new RangeError('r')).then(() => 1)),
        await outcome(() => settled.then(() => { throw new RangeError('thrown'); })),
      ];
      frame.remove();
      return facts;
    },
    'a promise lets its constructor be assigned'() {
      class Own extends Promise {}
      const promise = Promise.resolve(1);
      promise.constructor = Own;
      const derived = promise.then(() => {});
      return [promise.constructor === Own, Object.keys(promise), derived instanceof Own, Promise.resolve(promise) === promise, Promise.prototype.constructor === Promise];
    },
    async 'what a promise reads and calls'() {
      const log = [];
      class Watched extends Promise {
        constructor(executor) {
          super(executor);
          log.push('new');
        }
        static get [Symbol.species]() {
          log.push('species');
          return Promise;
        }
        then(...reactions) {
          log.push(`then ${reactions.length}`);
          return super.then(...reactions);
        }
      }
      Object.defineProperty(Watched.prototype, 'constructor', {
        get() {
          log.push('constructor');
          return Watched;
        },
      });
      const watched = Watched.resolve(1);
      log.push('await');
      await watched;
      log.push('then');
      await watched.then(() => {});
      log.push('catch');
      await watched.catch(() => {});
      log.push('finally');
      await watched.finally(() => {});
      log.push('resolve');
      await Promise.resolve(watched);
      log.push('all');
      await Promise.all([watched]);
      return log;
    },
    async 'a patched then of the page is called as before'() {
      // An old library replaces `then`; await of a native promise must not call it, other paths must.
      const native = Promise.prototype.then;
      let calls = 0;
      Promise.prototype.then = function then(...reactions) {
        calls += 1;
        return native.apply(this, reactions);
      };
      try {
        await Promise.resolve();
        const afterAwait = calls;
        await Promise.all([Promise.resolve(), Promise.resolve()]);
        const afterAll = calls;
        await Promise.resolve().finally(() => {});
        return [afterAwait, afterAll, calls];
      } finally {
        Promise.prototype.then = native;
      }
    },

    // ---- timers ----

    async 'timers'() {
      const results = [];
      const seen = (...args) => results.push(args.map(String));
      const id = setTimeout(function (...args) { seen(this === window, ...args); }, 1, 'a', { b: 1 });
      results.push(typeof id, Number.isInteger(id));
      const cancelled = setTimeout(() => seen('cancelled timer ran'), 1);
      clearTimeout(cancelled);
      setTimeout('window.fromText = "evaluated"', 1);
      let ticks = 0;
      await new Promise((resolve) => {
        const interval = setInterval(function (argument) {
          seen('tick', this === window, argument);
          if (++ticks === 3) {
            clearInterval(interval);
            resolve();
          }
        }, 2, 'x');
      });
      await sleep(30);
      results.push(window.fromText, ticks);
      const { setTimeout: bare } = window;
      await new Promise((resolve) => bare(resolve, 1));
      results.push(await outcome(() => setTimeout()));
      results.push(await outcome(() => setTimeout.call({}, () => {}, 0)));
      results.push(await outcome(() => new setTimeout(() => {}, 0)));
      results.push(await outcome(() => typeof setTimeout.call(undefined, () => {}, 0)));
      results.push(await outcome(() => typeof setTimeout(() => {}, '5')));
      results.push(await outcome(() => clearTimeout(undefined)));
      return results;
    },
    async 'frames, idle callbacks, microtasks'() {
      const results = [];
      results.push(await new Promise((resolve) => requestAnimationFrame(function (...args) { resolve([this === undefined || this === window, args.length, typeof args[0]]); })));
      results.push(await new Promise((resolve) => requestIdleCallback(function (...args) { resolve([args.length, args[0] instanceof IdleDeadline, typeof args[0].timeRemaining()]); }, { timeout: 500 })));
      const frame = requestAnimationFrame(() => results.push('cancelled frame ran'));
      cancelAnimationFrame(frame);
      const idle = requestIdleCallback(() => results.push('cancelled idle callback ran'));
      cancelIdleCallback(idle);
      results.push(typeof frame, typeof idle);
      await frames();
      await new Promise((resolve) => queueMicrotask(function (...args) { results.push([this === undefined, args.length]); resolve(); }));
      for (const bad of [undefined, 1, 'text', {}]) {
        results.push(await outcome(() => queueMicrotask(bad)), await outcome(() => requestAnimationFrame(bad)), await outcome(() => requestIdleCallback(bad)));
      }
      results.push(await outcome(() => requestIdleCallback(() => {}, { timeout: 'x' }) > 0), await outcome(() => requestAnimationFrame.call({}, () => {})));
      return results;
    },
    async 'postTask'() {
      const results = [];
      results.push(await scheduler.postTask(() => 5));
      results.push(await outcome(() => scheduler.postTask(() => { throw new RangeError('in task'); })));
      results.push(await outcome(() => scheduler.postTask(async () => 'inner')));
      const abort = new AbortController();
      const aborted = outcome(() => scheduler.postTask(() => 1, { signal: abort.signal, delay: 5 }));
      abort.abort();
      results.push(await aborted);
      results.push(await outcome(() => scheduler.postTask()), await outcome(() => scheduler.postTask(1)), await outcome(() => scheduler.postTask.call({}, () => {})));
      const order = [];
      await Promise.all(['background', 'user-visible', 'user-blocking'].map((priority) => scheduler.postTask(() => order.push(priority), { priority })));
      results.push(order, await outcome(() => scheduler.yield()));
      return results;
    },

    // ---- errors ----

    async 'errors thrown in callbacks reach the window once'() {
      const seen = [];
      const listen = (error) => {
        seen.push([error.message, error.error === thrown.get(error.error?.message) || typeof error.error, error.lineno > 0]);
        error.preventDefault();
      };
      const thrown = new Map();
      const raise = (message) => {
        const error = new RangeError(message);
        thrown.set(message, error);
        throw error;
      };
      window.addEventListener('error', listen);
      setTimeout(() => raise('in a timer'), 0);
      await sleep(10);
      requestAnimationFrame(() => raise('in a frame'));
      await frames();
      queueMicrotask(() => raise('in a microtask'));
      await sleep(1);
      const channel = new MessageChannel();
      channel.port1.onmessage = () => raise('in a message');
      channel.port2.postMessage(1);
      await sleep(20);
      const xhr = new XMLHttpRequest();
      xhr.open('GET', '/api/manners');
      xhr.onload = () => raise('in onload');
      xhr.send();
      await event(xhr, 'loadend');
      await sleep(5);
      requestIdleCallback(() => raise('in an idle callback'), { timeout: 100 });
      await sleep(300);
      const target = new EventTarget();
      target.addEventListener('x', () => raise('in a listener'));
      target.dispatchEvent(new Event('x'));
      await sleep(5);
      window.removeEventListener('error', listen);
      return seen;
    },
    async 'unhandled rejections'() {
      const results = {};
      const cases = {
        'never handled': () => void Promise.reject(new Error('never handled')),
        'constructor read by hand, never handled': () => void Promise.reject(new Error('constructor read')).constructor,
        'rejected later, constructor read by hand, never handled': () => {
          const promise = new Promise((_, reject) => setTimeout(() => reject(new Error('later')), 5));
          return void promise.constructor;
        },
        'awaited in try': async () => {
          try {
            await Promise.reject(new Error('caught'));
          } catch {}
        },
        'rejected later, awaited in try': async () => {
          try {
            await new Promise((_, reject) => setTimeout(() => reject(new Error('caught later')), 5));
          } catch {}
        },
        'awaited without try': () => void (async () => {
          await Promise.reject(new Error('awaited without try'));
        })(),
        'async function throws': () => void (async () => {
          throw new Error('async throw');
        })(),
        'async function throws after an await': () => void (async () => {
          await sleep(2);
          throw new Error('async throw later');
        })(),
        'then without catch': () => void Promise.reject(new Error('then without catch')).then(() => {}),
        'finally without catch': () => void Promise.reject(new Error('finally without catch')).finally(() => {}),
        'then with catch': () => void Promise.reject(new Error('then with catch')).then(() => {}).catch(() => {}),
        'handled in the same task': () => {
          const promise = Promise.reject(new Error('same task'));
          promise.catch(() => {});
        },
        'handled a task later': () => {
          const promise = Promise.reject(new Error('a task later'));
          setTimeout(() => promise.catch(() => {}), 30);
        },
        'fetch that fails': () => void fetch('blob:nothing'),
        'fetch that fails, awaited in try': async () => {
          try {
            await fetch('blob:nothing');
          } catch {}
        },
        'body that is no JSON': () => void new Response('text').json(),
        'body that is no JSON, awaited in try': async () => {
          try {
            await new Response('text').json();
          } catch {}
        },
        'all with one rejected': () => void Promise.all([Promise.resolve(), Promise.reject(new Error('one of all'))]),
        'rejected and awaited twice': async () => {
          const promise = Promise.reject(new Error('twice'));
          await Promise.allSettled([(async () => promise)(), (async () => { await promise; })()]);
        },
        'subclass rejected': () => void new (class Own extends Promise {})((_, reject) => reject(new Error('subclass'))),
        'then of a rejected one given no function': () => void Promise.reject(new Error('no function')).then(undefined, undefined),
        'postTask rejected': () => void scheduler.postTask(() => { throw new Error('task'); }),
      };
      for (const [name, act] of Object.entries(cases)) {
        const seen = [];
        const listen = (rejection) => {
          seen.push(`${rejection.type} ${told(rejection.reason)}`);
          rejection.preventDefault();
        };
        window.addEventListener('unhandledrejection', listen);
        window.addEventListener('rejectionhandled', listen);
        await new Promise((resolve) => setTimeout(() => resolve(act()), 0));
        await sleep(150);
        window.removeEventListener('unhandledrejection', listen);
        window.removeEventListener('rejectionhandled', listen);
        results[name] = seen;
      }
      return results;
    },
    async 'unhandled rejections at once'() {
      // In the very task of the caller, which may be a user's action.
      const seen = [];
      const listen = (rejection) => {
        seen.push(`${rejection.type} ${told(rejection.reason)} ${rejection.promise instanceof Promise}`);
        rejection.preventDefault();
      };
      window.addEventListener('unhandledrejection', listen);
      Promise.reject(new Error('never handled'));
      void Promise.reject(new Error('constructor read')).constructor;
      (async () => {
        try {
          await Promise.reject(new Error('caught'));
        } catch {}
      })();
      (async () => {
        await Promise.reject(new Error('not caught'));
      })();
      await sleep(80);
      window.removeEventListener('unhandledrejection', listen);
      return seen.sort();
    },

    // ---- fetch ----

    async 'fetch'() {
      const results = [];
      const response = await fetch('/api/manners?status=201');
      results.push(response.status, response.ok, response.type, response.redirected, new URL(response.url).pathname, await response.text(), response.bodyUsed);
      results.push(await outcome(() => response.text()));
      const cloned = await fetch('/api/manners');
      const copy = cloned.clone();
      results.push(await cloned.json(), await copy.json());
      const reader = (await fetch('/api/manners')).body.getReader();
      results.push(new TextDecoder().decode((await reader.read()).value), (await reader.read()).done);
      for (const method of ['arrayBuffer', 'blob', 'bytes']) results.push(Object.prototype.toString.call(await (await fetch('/api/manners'))[method]()));
      results.push(await outcome(async () => (await fetch('/api/manners?body=text')).json()));
      results.push(await outcome(() => Response.prototype.json.call({})), await outcome(() => Response.prototype.text.call(1)));
      results.push(await outcome(() => fetch()), await outcome(() => fetch('http://[')), await outcome(() => fetch('/api/manners', { method: 'BAD METHOD' })));
      results.push(await outcome(() => fetch('/api/manners', { headers: { 'bad name': '1' } })), await outcome(() => fetch('/api/manners', { body: 'on get' })));
      results.push(await outcome(() => fetch('/api/manners', 5)), await outcome(() => fetch('/api/manners', { headers: 5 })), await outcome(() => fetch('/api/manners', null)));
      results.push(await outcome(() => fetch('/api/manners?fail=reset')), await outcome(() => new fetch('/api/manners')), await outcome(() => fetch.call({}, '/api/manners')));
      results.push(await outcome(() => fetch('http://user:word@localhost/')));
      results.push(await outcome(() => fetch('ftp://localhost/')), await (await fetch('data:text/plain,hello')).text());
      results.push(await (await fetch(URL.createObjectURL(new Blob(['blob'])))).text());
      const abort = new AbortController();
      const aborted = outcome(() => fetch('/api/manners?delay=2000', { signal: abort.signal }));
      abort.abort();
      results.push(await aborted);
      results.push(await outcome(() => fetch('/api/manners', { signal: AbortSignal.abort(new RangeError('why')) })));
      results.push(fetch('/api/manners') instanceof Promise);
      return results;
    },
    async 'fetch leaves what it is given as it was'() {
      const results = [];
      const headers = new Headers({ 'x-own': '1' });
      const init = Object.freeze({ method: 'POST', headers, body: 'b' });
      await fetch('/api/manners', init);
      results.push([...headers], Object.keys(init));
      const plain = Object.freeze({ 'x-own': '2' });
      await fetch('/api/manners', { headers: plain });
      results.push(plain);
      const pairs = Object.freeze([Object.freeze(['x-own', '3'])]);
      await fetch('/api/manners', { headers: pairs });
      results.push(pairs);
      const request = new Request('/api/manners', { method: 'POST', headers: { 'x-own': '4' }, body: 'body' });
      await fetch(request);
      results.push([...request.headers], request.bodyUsed, await outcome(() => fetch(request)));
      const kept = new Request('/api/manners', { method: 'POST', body: 'body' });
      await fetch(kept.clone());
      results.push(kept.bodyUsed, await kept.text());
      return results;
    },
    async 'what the backend receives'() {
      // Beyond the propagation headers, which the test takes away.
      const echoed = async (...args) => (await fetch(...args)).json();
      const body = new FormData();
      body.append('field', 'value');
      const stable = (echo) => ({ ...echo, body: echo.body.replaceAll(/WebKitFormBoundary\w+/g, 'boundary') });
      return [
        await echoed('/api/manners?echo=1'),
        await echoed('/api/manners?echo=1', { method: 'POST', body: 'text' }),
        await echoed('/api/manners?echo=1', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Own': 'a' }, body: '{}' }),
        await echoed(new URL('/api/manners?echo=1', location)),
        await echoed(new Request('/api/manners?echo=1', { method: 'PUT', headers: [['x-own', 'b']], body: new Uint8Array([65, 66]) })),
        await echoed(new Request('/api/manners?echo=1', { headers: { 'x-own': 'b' } }), { headers: { 'x-other': 'c' } }),
        await echoed(new Request('/api/manners?echo=1', { method: 'POST', body: 'one' }), { body: 'two' }),
        await echoed('/api/manners?echo=1', { method: 'POST', body: new URLSearchParams({ a: '1' }), referrerPolicy: 'no-referrer' }),
        stable(await echoed('/api/manners?echo=1', { method: 'POST', body })),
      ].map(({ headers, ...rest }) => ({ ...rest, headers: { ...headers, 'content-type': headers['content-type']?.replace(/WebKitFormBoundary\w+/, 'boundary') } }));
    },

    // ---- XMLHttpRequest ----

    async 'XMLHttpRequest'() {
      const log = [];
      const watch = (xhr) => {
        for (const name of ['readystatechange', 'loadstart', 'load', 'loadend', 'error', 'abort', 'timeout']) {
          xhr[`on${name}`] = function (happened) {
            log.push([name, this === xhr, happened.target === xhr, happened.isTrusted, xhr.readyState]);
          };
        }
      };
      const first = new XMLHttpRequest();
      watch(first);
      const own = () => {};
      first.onprogress = own;
      log.push(first.onprogress === own);
      let removed = 0;
      const listener = () => (removed += 1);
      first.addEventListener('load', listener);
      first.removeEventListener('load', listener);
      first.addEventListener('load', { handleEvent() { log.push(['handleEvent', typeof this.handleEvent]); } });
      first.open('POST', '/api/manners?echo=1');
      first.setRequestHeader('X-Own', 'a');
      first.send('body');
      await event(first, 'loadend');
      log.push(removed, first.status, first.statusText, first.getResponseHeader('content-type'), new URL(first.responseURL).pathname);
      const { headers, ...echo } = JSON.parse(first.responseText);
      log.push(echo, headers['x-own']);

      first.open('GET', '/api/manners');
      first.responseType = 'json';
      first.send();
      await event(first, 'loadend');
      log.push(first.response);

      const synchronous = new XMLHttpRequest();
      watch(synchronous);
      synchronous.open('GET', '/api/manners', false);
      synchronous.send();
      log.push(synchronous.status, synchronous.responseText);

      const aborted = new XMLHttpRequest();
      aborted.open('GET', '/api/manners?delay=2000');
      watch(aborted);
      aborted.send();
      aborted.abort();
      log.push(aborted.readyState, aborted.status);

      const late = new XMLHttpRequest();
      late.open('GET', '/api/manners?delay=2000');
      late.timeout = 20;
      watch(late);
      late.send();
      await event(late, 'loadend');

      const broken = new XMLHttpRequest();
      broken.open('GET', '/api/manners?fail=reset');
      watch(broken);
      broken.send();
      await event(broken, 'loadend');

      const unopened = new XMLHttpRequest();
      log.push(await outcome(() => unopened.send()), await outcome(() => unopened.setRequestHeader('a', 'b')), await outcome(() => unopened.open()), await outcome(() => unopened.open('GET')));
      log.push(await outcome(() => unopened.open('BAD METHOD', '/')), await outcome(() => unopened.open('GET', 'http://[')), await outcome(() => XMLHttpRequest.prototype.open.call({}, 'GET', '/')));
      unopened.open('GET', '/api/manners');
      unopened.send();
      log.push(await outcome(() => unopened.send()), await outcome(() => XMLHttpRequest()));
      unopened.abort();
      return log;
    },
    async 'XMLHttpRequest opened in its own handlers'() {
      // jQuery and axios of old reuse a request from inside its own events.
      const log = [];
      const xhr = new XMLHttpRequest();
      await new Promise((resolve) => {
        let round = 0;
        xhr.onreadystatechange = () => {
          log.push([round, xhr.readyState]);
          if (xhr.readyState !== 4) return;
          round += 1;
          if (round === 2) resolve();
          else {
            xhr.open('GET', '/api/manners');
            xhr.send();
          }
        };
        xhr.open('GET', '/api/manners');
        xhr.send();
      });
      return log;
    },

    // ---- messages ----

    async 'MessageChannel'() {
      const log = [];
      const { port1, port2 } = new MessageChannel();
      const handler = function (message) {
        log.push([this === port1, message.data, message.target === port1, message.isTrusted, message.ports.length]);
      };
      port1.onmessage = handler;
      log.push(port1.onmessage === handler);
      let removed = 0;
      const listener = () => (removed += 1);
      port1.addEventListener('message', listener);
      port1.removeEventListener('message', listener);
      const object = { handleEvent(message) { log.push(['object', this === object, message.data]); } };
      port1.addEventListener('message', object);
      port1.addEventListener('message', ({ data }) => log.push(['once', data]), { once: true });
      for (let i = 0; i < 3; i++) port2.postMessage({ i });
      await sleep(30);
      const extra = new MessageChannel();
      port2.postMessage('with port', [extra.port1]);
      const buffer = new ArrayBuffer(8);
      port2.postMessage(buffer, { transfer: [buffer] });
      await sleep(30);
      log.push(removed, buffer.byteLength);
      log.push(await outcome(() => port2.postMessage()), await outcome(() => port2.postMessage(() => {})), await outcome(() => MessagePort.prototype.postMessage.call({}, 1)));
      port1.onmessage = null;
      port1.removeEventListener('message', object);
      port2.postMessage('to nobody');
      await sleep(20);

      // A port that is not started keeps its messages.
      const quiet = new MessageChannel();
      quiet.port1.addEventListener('message', ({ data }) => log.push(['quiet', data]));
      quiet.port2.postMessage(1);
      await sleep(20);
      log.push('started');
      quiet.port1.start();
      await sleep(20);

      // A transferred port delivers at its new home.
      const home = new MessageChannel();
      const moved = new MessageChannel();
      home.port1.onmessage = ({ ports }) => {
        ports[0].onmessage = ({ data }) => log.push(['moved', data]);
      };
      home.port2.postMessage(null, [moved.port1]);
      moved.port2.postMessage('across');
      await sleep(30);
      return log;
    },

    // ---- events ----

    async 'listeners and window.event'() {
      const log = [];
      const target = document.createElement('button');
      document.body.append(target);
      target.addEventListener('click', function (happened) {
        log.push([this === target, happened.isTrusted, window.event === happened, happened.eventPhase]);
      });
      target.onclick = () => log.push('onclick');
      target.click();
      target.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      log.push(window.event === undefined || window.event?.type);
      target.remove();
      return log.filter((entry) => entry !== 'click');
    },
  };

  window.probeNames = Object.keys(probes);
  window.run = (name) => probes[name]();
}
