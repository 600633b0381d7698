'use strict';
// HTML's event loop, timers, microtasks and rejection events; ECMA-262's jobs; message channels. All of it is about order.
{
  /** Rows of a journal, once `millis` have passed. */
  const orderOf = (run, millis = 40) => async () => {
    const { said, say } = journal();
    await run(say, said);
    await sleep(millis);
    return said;
  };

  /** A chain of plain reactions that counts the ticks beside what is measured. */
  const clock = (say, ticks) => {
    let promise = Promise.resolve();
    for (let tick = 1; tick <= ticks; tick++) promise = promise.then(say(`tick ${tick}`));
  };

  /** In which tick each of these goes on. */
  const STEPS = {
    'await undefined': async () => { await undefined; },
    'await a value': async () => { await 5; },
    'await a settled promise': async () => { await Promise.resolve(1); },
    'await a rejected promise': async () => { await Promise.reject(1).catch(() => {}); },
    'await an async function': async () => { await (async () => {})(); },
    'await an async function that returns a promise': async () => { await (async () => Promise.resolve())(); },
    'await a thenable': async () => { await { then: (resolve) => resolve() }; },
    'await a promise of a subclass': async () => { await new (class Own extends Promise {})((resolve) => resolve()); },
    'await three times': async () => { await 1; await 2; await 3; },
    'await in a loop': async () => { for (let i = 0; i < 4; i++) await i; },
    'await a shared promise': async () => { const shared = Promise.resolve(); await Promise.all([(async () => { await shared; })(), (async () => { await shared; })()]); },
    'await all': async () => { await Promise.all([1, Promise.resolve(2), (async () => 3)()]); },
    'await allSettled': async () => { await Promise.allSettled([1, Promise.reject(2)]); },
    'await any': async () => { await Promise.any([Promise.reject(1), 2]); },
    'await race': async () => { await Promise.race([Promise.resolve(1), 2]); },
    'await finally': async () => { await Promise.resolve().finally(() => {}); },
    'await finally with a promise': async () => { await Promise.resolve().finally(() => Promise.resolve()); },
    'await catch': async () => { await Promise.reject(1).catch(() => {}); },
    'await then': async () => { await Promise.resolve().then(() => {}); },
    'await then that returns a promise': async () => { await Promise.resolve().then(() => Promise.resolve()); },
    'await a promise resolved with a promise': async () => { await new Promise((resolve) => resolve(Promise.resolve())); },
    'await Promise.resolve of a promise': async () => { await Promise.resolve(Promise.resolve(Promise.resolve())); },
    'await Promise.try': async () => { await Promise.try?.(() => Promise.resolve()); },
    'await withResolvers': async () => { const { promise, resolve } = Promise.withResolvers(); queueMicrotask(resolve); await promise; },
    'await a microtask': async () => { await new Promise((resolve) => queueMicrotask(resolve)); },
    'return await': async () => (async () => await Promise.resolve())(),
    'throw and catch': async () => { try { await (async () => { throw new Error('x'); })(); } catch {} },
    'for await over promises': async () => { for await (const value of [Promise.resolve(1), 2]) void value; },
    'an async generator': async () => { for await (const value of (async function* () { yield 1; yield Promise.resolve(2); })()) void value; },
    'an async generator left early': async () => { for await (const value of (async function* () { try { yield 1; } finally { await null; } })()) { void value; break; } },
    'yield* of an async generator': async () => { for await (const value of (async function* () { yield* (async function* () { yield 1; })(); })()) void value; },
    'Array.fromAsync': async () => { await Array.fromAsync?.([Promise.resolve(1), 2]); },
    'a body that is there already': async () => { await new Response('x').text(); },
  };
  table('order: ticks', Object.entries(STEPS), ([name, step]) => [name, orderOf(async (say) => {
    const body = name === 'a body that is there already';
    if (!body) clock(say, 24);
    step().then(say('done'));
  })]);
  table('order: two chains', Object.entries(STEPS).filter(([name]) => name !== 'a body that is there already'), ([name, step]) => [`${name}, beside each other`, orderOf(async (say) => {
    for (const who of ['a', 'b', 'c']) (async () => { say(`${who} starts`)(); await step(); say(`${who} 1`)(); await step(); say(`${who} 2`)(); })();
    say('synchronous end')();
  })]);

  cases('order: tasks', {
    'script, microtasks, tasks': orderOf((say) => {
      setTimeout(say('timeout'));
      queueMicrotask(say('microtask'));
      Promise.resolve().then(say('reaction'));
      (async () => { say('async')(); await null; say('after await')(); })();
      say('script')();
    }),
    'microtasks between two listeners': orderOf((say) => {
      const target = new EventTarget();
      target.addEventListener('x', () => { say('first')(); queueMicrotask(say('microtask of first')); });
      target.addEventListener('x', () => { say('second')(); Promise.resolve().then(say('reaction of second')); });
      target.dispatchEvent(new Event('x'));
      say('dispatched')();
    }),
    'microtasks between two timers': orderOf((say) => {
      setTimeout(() => { say('first')(); Promise.resolve().then(say('its reaction')); queueMicrotask(say('its microtask')); });
      setTimeout(() => say('second')());
    }),
    'microtasks make microtasks': orderOf((say) => {
      setTimeout(say('timeout'));
      const again = (left) => { say(`microtask ${left}`)(); if (left) queueMicrotask(() => again(left - 1)); };
      queueMicrotask(() => again(3));
    }),
    'a microtask that throws': orderOf(async (say) => {
      const listen = (event) => { event.preventDefault(); say(`error ${event.message}`)(); };
      window.addEventListener('error', listen);
      queueMicrotask(() => { throw new RangeError('x'); });
      queueMicrotask(say('next'));
      await sleep(10);
      window.removeEventListener('error', listen);
    }),
    'mutation observers and reactions': orderOf((say) => {
      const element = document.createElement('p');
      new MutationObserver((records, observer) => say(`mutation ${records.length} ${observer instanceof MutationObserver}`)()).observe(element, { attributes: true });
      Promise.resolve().then(say('before'));
      element.setAttribute('a', '1');
      Promise.resolve().then(say('after'));
      element.setAttribute('a', '2');
    }),
    'timers in the order of their time': orderOf((say) => { for (const millis of [12, 4, 8, 4]) setTimeout(say(`after ${millis}`), millis); }, 80),
    'equal timers in the order of their calls': orderOf((say) => { for (let i = 0; i < 5; i++) setTimeout(say(`timer ${i}`), 5); }),
    'a timer cleared by an earlier one': orderOf((say) => { let id; setTimeout(() => { say('clears')(); clearTimeout(id); }, 1); id = setTimeout(say('never'), 1); }),
    'an interval that clears itself': orderOf((say) => { let times = 0; const id = setInterval(() => { say(`tick ${++times}`)(); if (times === 3) clearInterval(id); }, 2); }, 80),
    'clearInterval of a timeout and the other way round': orderOf((say) => { clearInterval(setTimeout(say('never'), 1)); clearTimeout(setInterval(say('never either'), 1)); }),
    'nested timers': orderOf((say) => { const nest = (depth) => setTimeout(() => { say(`depth ${depth}`)(); if (depth < 4) nest(depth + 1); }); nest(0); }, 80),
    'negative, missing and odd delays': orderOf((say) => { setTimeout(say('negative'), -5); setTimeout(say('missing')); setTimeout(say('text'), 'x'); setTimeout(say('infinite'), Infinity); setTimeout(say('overflow'), 2 ** 32); setTimeout(say('null'), null); }),
    'arguments of timers': orderOf((say, said) => { setTimeout((...args) => said.push(['timeout', ...args]), 0, 1, 'b', null); const id = setInterval((...args) => { said.push(['interval', ...args]); clearInterval(id); }, 1, 2); }),
    'a handler that is a text': orderOf((say, said) => { window.__said = said; setTimeout('__said.push("evaluated")', 0); setTimeout('syntax error(', 0); }),
    'a timeout that throws': orderOf(async (say) => {
      const listen = (event) => { event.preventDefault(); say(`${event.message} ${event.filename.replace(/^.*\//, '')} ${event.lineno > 0} ${event.error.name}`)(); };
      window.addEventListener('error', listen);
      setTimeout(() => { throw new RangeError('in a timer'); });
      setTimeout(say('next'));
      await sleep(20);
      window.removeEventListener('error', listen);
    }),
    'frames come before the next frame\'s': orderOf((say) => { requestAnimationFrame(() => { say('first')(); requestAnimationFrame(say('second frame')); Promise.resolve().then(say('reaction')); }); requestAnimationFrame(() => say('same frame')()); }, 150),
    'a frame cancelled in a frame': orderOf((say) => { let id; requestAnimationFrame(() => { say('cancels')(); cancelAnimationFrame(id); }); id = requestAnimationFrame(say('never')); }, 100),
    'the time of frames': async () => { const times = await Promise.all([1, 2].map(() => new Promise((resolve) => requestAnimationFrame(resolve)))); return [times[0] === times[1], typeof times[0]]; },
    'tasks by priority': orderOf((say) => { for (const priority of ['background', 'user-visible', 'user-blocking']) scheduler.postTask(() => say(priority)(), { priority }); }, 80),
    'a task aborted': async () => { const abort = new TaskController(); const done = outcome(() => scheduler.postTask(() => 1, { signal: abort.signal, delay: 20 })); abort.abort('why'); return done; },
    'yield': orderOf(async (say) => { setTimeout(say('timeout')); await scheduler.yield(); say('went on')(); }),
    'structuredClone of what was made': () => structuredClone({ a: new Map([[1, new Set([2])]]), b: new Date(0) }).a.get(1).has(2),
    'queueMicrotask refuses': async () => Promise.all([undefined, null, 1, 'x', {}].map((bad) => outcome(() => queueMicrotask(bad)))),
  });

  cases('order: messages', {
    'two ports': orderOf((say) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => { say(`one ${data}`)(); if (data < 3) port1.postMessage(data + 1); };
      port2.onmessage = ({ data }) => { say(`two ${data}`)(); port2.postMessage(data + 1); };
      port2.postMessage(0);
    }, 80),
    'messages and their reactions': orderOf((say) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => { say(`message ${data}`)(); Promise.resolve().then(say(`reaction ${data}`)); };
      for (let i = 0; i < 3; i++) port2.postMessage(i);
    }),
    'posted before start': orderOf((say) => { const { port1, port2 } = new MessageChannel(); port2.postMessage(1); port1.addEventListener('message', ({ data }) => say(`message ${data}`)()); port2.postMessage(2); port1.start(); port2.postMessage(3); }),
    'closed': orderOf((say) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = say('never'); port1.close(); port2.postMessage(1); }),
    'transferred twice': orderOf((say) => {
      const moved = new MessageChannel();
      const first = new MessageChannel();
      const second = new MessageChannel();
      second.port1.onmessage = ({ ports: [port] }) => { port.onmessage = ({ data }) => say(`arrived ${data}`)(); };
      first.port1.onmessage = ({ ports }) => second.port2.postMessage(null, ports);
      first.port2.postMessage(null, [moved.port1]);
      moved.port2.postMessage(1);
      moved.port2.postMessage(2);
    }, 80),
    'what cannot be posted': async () => { const { port1, port2 } = new MessageChannel(); return [await outcome(() => port1.postMessage(() => {})), await outcome(() => port1.postMessage(1, [port1])), await outcome(() => port1.postMessage(1, [port2, port2])), await outcome(() => port1.postMessage(1, [{}])), await outcome(() => port1.postMessage())]; },
    'a failed post between two': orderOf(async (say) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = ({ data }) => say(`message ${data}`)(); port2.postMessage(1); await outcome(() => port2.postMessage(() => {})); port2.postMessage(2); }),
    'the event': async () => {
      const { port1, port2 } = new MessageChannel();
      const event = await new Promise((resolve) => { port1.onmessage = resolve; port2.postMessage({ a: [1, new Date(0)] }); });
      return [event.constructor.name, event.data, event.origin, event.source, event.ports.length, event.isTrusted, event.bubbles, event.lastEventId, event.target === port1];
    },
    'broadcast': orderOf((say) => { const [one, two] = [1, 2].map(() => new BroadcastChannel('wpt')); two.onmessage = ({ data }) => { say(`two ${data}`)(); two.close(); one.close(); }; one.onmessage = say('own'); one.postMessage(1); }),
    'window.postMessage': orderOf((say) => { const listen = ({ data, source, origin }) => { if (typeof data === 'string' && data.startsWith('wpt')) say(`${data} ${source === window} ${origin === location.origin}`)(); }; window.addEventListener('message', listen); window.postMessage('wpt 1', '*'); window.postMessage('wpt 2', location.origin); window.postMessage('wpt 3', 'https://elsewhere.example'); setTimeout(() => window.removeEventListener('message', listen), 30); }),
    'instances': () => { const channel = new MessageChannel(); return [channel instanceof MessageChannel, channel.constructor === MessageChannel, channel.port1 instanceof MessagePort, Reflect.ownKeys(channel).length, Reflect.ownKeys(channel.port1).length, Object.prototype.toString.call(channel), new (class Own extends MessageChannel {})() instanceof MessageChannel]; },
  });

  /** Which rejection events come, and when, for what is done with a rejected promise. */
  const rejections = (run) => async () => {
    const { said, say } = journal();
    const listen = (event) => { event.preventDefault(); say(`${event.type} ${told(event.reason)} ${event.promise instanceof Promise}`)(); };
    for (const type of ['unhandledrejection', 'rejectionhandled']) window.addEventListener(type, listen);
    await new Promise((resolve) => setTimeout(() => { run(say); resolve(); }));
    await sleep(60);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await sleep(20);
    for (const type of ['unhandledrejection', 'rejectionhandled']) window.removeEventListener(type, listen);
    return said;
  };
  const error = () => new RangeError('r');
  cases('order: rejections', {
    'rejected': rejections(() => { Promise.reject(error()); }),
    'rejected with undefined': rejections(() => { Promise.reject(); }),
    'rejected by an executor': rejections(() => { new Promise((_, reject) => reject(error())); }),
    'thrown in an executor': rejections(() => { new Promise(() => { throw error(); }); }),
    'rejected later': rejections(() => { new Promise((_, reject) => setTimeout(() => reject(error()), 5)); }),
    'handled at once': rejections(() => { Promise.reject(error()).catch(() => {}); }),
    'handled in a microtask': rejections(() => { const promise = Promise.reject(error()); queueMicrotask(() => promise.catch(() => {})); }),
    'handled in a reaction': rejections(() => { const promise = Promise.reject(error()); Promise.resolve().then(() => promise.catch(() => {})); }),
    'handled after an await': rejections(async () => { const promise = Promise.reject(error()); await null; promise.catch(() => {}); }),
    'handled in a task': rejections(() => { const promise = Promise.reject(error()); setTimeout(() => promise.catch(() => {}), 10); }),
    'handled in the event': rejections(() => { const promise = Promise.reject(error()); window.addEventListener('unhandledrejection', () => setTimeout(() => promise.catch(() => {})), { once: true }); }),
    'then without a handler': rejections(() => { Promise.reject(error()).then(() => {}); }),
    'a chain': rejections(() => { Promise.reject(error()).then(() => {}).then(() => {}).finally(() => {}); }),
    'two branches': rejections(() => { const promise = Promise.reject(error()); promise.then(() => {}); promise.catch(() => {}); }),
    'all': rejections(() => { Promise.all([Promise.reject(error()), Promise.reject(new TypeError('t'))]); }),
    'any': rejections(() => { Promise.any([Promise.reject(error())]); }),
    'race': rejections(() => { Promise.race([Promise.reject(error()), Promise.reject(new TypeError('t'))]); }),
    'allSettled': rejections(() => { Promise.allSettled([Promise.reject(error())]); }),
    'an async function': rejections(() => { (async () => { throw error(); })(); }),
    'an async function after an await': rejections(() => { (async () => { await null; throw error(); })(); }),
    'an awaited rejection': rejections(() => { (async () => { await Promise.reject(error()); })(); }),
    'an awaited rejection, caught': rejections(() => { (async () => { try { await Promise.reject(error()); } catch {} })(); }),
    'awaited late': rejections(() => { (async () => { const promise = Promise.reject(error()); await sleep(10); try { await promise; } catch {} })(); }),
    'awaited late, in one microtask': rejections(() => { (async () => { const promise = (async () => { throw error(); })(); await null; try { await promise; } catch {} })(); }),
    'an async generator': rejections(() => { (async function* () { throw error(); })().next(); }),
    'a subclass': rejections(() => { new (class Own extends Promise {})((_, reject) => reject(error())); }),
    'a thenable that throws': rejections(() => { Promise.resolve({ then() { throw error(); } }); }),
    'a getter then that throws': rejections(() => { Promise.resolve({ get then() { throw error(); } }); }),
    'resolved with a rejected one': rejections(() => { new Promise((resolve) => resolve(Promise.reject(error()))); }),
    'withResolvers': rejections(() => { Promise.withResolvers().reject(error()); }),
    'in a timer, a frame, a microtask': rejections(() => { setTimeout(async () => { throw error(); }); requestAnimationFrame(async () => { throw error(); }); queueMicrotask(async () => { throw error(); }); }),
    'fetch': rejections(() => { fetch('unknown:x'); }),
    'fetch, a branch': rejections(() => { const promise = fetch('unknown:x'); promise.then(() => {}); promise.catch(() => {}); }),
    'fetch, awaited without try': rejections(() => { (async () => { await fetch('unknown:x'); })(); }),
    'fetch, aborted': rejections(() => { fetch('/api/wpt', { signal: AbortSignal.abort() }); }),
    'a body': rejections(() => { new Response('x').json(); }),
    'a body, handled': rejections(() => { new Response('x').json().catch(() => {}); }),
    'import': rejections(() => { import('data:text/javascript,throw new RangeError("r")'); }),
    'order of two': rejections((say) => { Promise.reject(new Error('first')); Promise.reject(new Error('second')); setTimeout(say('a later task')); }),
  });

  cases('order: errors', {
    'the same object, thrown and caught': async () => {
      const own = new RangeError('own');
      const same = [];
      const caught = async (call) => { try { await call(); } catch (thrown) { same.push(thrown === own); } };
      await caught(() => { throw own; });
      await caught(() => Promise.reject(own));
      await caught(() => Promise.resolve().then(() => { throw own; }));
      await caught(async () => { await null; throw own; });
      await caught(() => scheduler.postTask(() => { throw own; }));
      await caught(() => fetch('/api/wpt', { signal: AbortSignal.abort(own) }));
      await caught(() => new Promise((_, reject) => setTimeout(reject, 1, own)));
      return same;
    },
    'the stack of an error in an async function': async () => {
      async function inner() { await null; throw new Error('deep'); }
      async function outer() { await inner(); }
      try {
        await outer();
      } catch (thrown) {
        return thrown.stack.split('\n').filter((line) => /inner|outer/.test(line)).map((line) => /at (async )?(\w+)/.exec(line)?.[0]);
      }
    },
    'the top of the stack in callbacks': async () => {
      const tops = {};
      const top = (name) => function own() { tops[name] = new Error('x').stack.split('\n')[1].trim().split(' (')[0].replace(/.*own.*/, 'own'); };
      setTimeout(top('timer'));
      queueMicrotask(top('microtask'));
      requestAnimationFrame(top('frame'));
      await Promise.resolve().then(top('reaction'));
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = top('message');
      port2.postMessage(1);
      await sleep(60);
      return Object.entries(tops).sort();
    },
  });
}
