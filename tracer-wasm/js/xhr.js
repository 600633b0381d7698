// XMLHttpRequest. Its events run in the context in which `send` was called.
//
// `open`, `abort` and a synchronous `send` dispatch events while they run: the register is then put back.
import { current, enterTask, runIn } from './register.js';
import { constructor, method } from './patch.js';
import { propagatesTo } from './options.js';
import { resolve } from './address.js';
import { startRequest } from './request.js';
import { addEventListener } from './native.js';

const EVENTS = ['readystatechange', 'progress', 'load', 'error', 'abort', 'timeout', 'loadend'];

/** Event → what fetch calls it. */
const FAILURES = { __proto__: null, error: 'NetworkError', timeout: 'TimeoutError', abort: 'AbortError' };

/** XMLHttpRequest → what `open` and `send` said, once its events are listened to. */
const calls = new WeakMap();

/**
 * Runs before every listener of the page, since it is registered when the object is made. (A capturing listener
 * would not do: for targets outside the document Chromium keeps to the order of registration.)
 */
function restore(event) {
  const call = calls.get(this);
  if (!event.isTrusted || !call?.sent) return;
  if (!call.synchronous) enterTask(call.context);
  const { traced } = call;
  if (!traced) return;
  if (event.type === 'readystatechange' && this.readyState === 2) {
    traced.responded(this.status);
    traced.reading();
  } else if (event.type === 'load') {
    traced.finished();
  } else if (FAILURES[event.type]) {
    traced.failed({ name: FAILURES[event.type] }, event.type === 'abort');
  }
}

/** Calls an original that may dispatch events while it runs. */
function synchronously(xhr, original, args) {
  const call = calls.get(xhr);
  if (!call) return original.apply(xhr, args);
  const before = call.synchronous;
  call.synchronous = true;
  try {
    return runIn(current(), () => original.apply(xhr, args));
  } finally {
    call.synchronous = before;
  }
}

export function followXhr() {
  constructor(window, 'XMLHttpRequest', (args, make) => {
    const xhr = make(args);
    for (const type of EVENTS) addEventListener.call(xhr, type, restore);
    calls.set(xhr);
    return xhr;
  });

  const { prototype } = XMLHttpRequest;
  const { setRequestHeader } = prototype;

  method(prototype, 'open', (original, self, args) => {
    const { 0: verb, 1: url, 2: asynchronous } = args;
    const result = synchronously(self, original, args);
    if (calls.has(self)) {
      calls.set(self, {
        verb: String(verb),
        url: String(url),
        synchronous: args.length > 2 && !asynchronous,
        /** The headers that the page has set. */
        own: [],
      });
    }
    return result;
  });

  method(prototype, 'setRequestHeader', (original, self, args) => {
    const call = calls.get(self);
    const name = () => String(args[0]).toLowerCase();
    // Another tracer, under this one, sets its own while `send` runs: two contexts in one header would be none.
    if (call?.addedNames?.includes(name())) return undefined;
    const result = original.apply(self, args);
    call?.own.push(name());
    return result;
  });

  method(prototype, 'send', (original, self, args) => {
    const call = calls.get(self);
    if (!call || call.sent) return original.apply(self, args);
    call.context = current();
    try {
      const url = resolve(call.url);
      if (/^https?:/.test(url.href)) {
        call.traced = startRequest(call.verb, url.href, args[0]);
        if (propagatesTo(url)) {
          const headers = call.traced.headers((name) => call.own.includes(name));
          for (const header of headers) setRequestHeader.apply(self, header);
          call.addedNames = headers.map(([name]) => name.toLowerCase());
        }
      }
    } catch {
      // `open` was not called, or will be refused.
    }
    call.sent = true;
    try {
      return call.synchronous ? synchronously(self, original, args) : original.apply(self, args);
    } finally {
      call.addedNames = undefined;
    }
  });

  method(prototype, 'abort', (original, self, args) => synchronously(self, original, args));
}
