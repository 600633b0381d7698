// fetch and the body methods of Response.
//
// The page gets a promise that settles as the original's does, with the same response or error. It is one
// reaction younger, since the tracer's reaction on the original hides that nobody handles its rejection. That
// reaction only looks: an error that passed through a function of the tracer would seem to be the tracer's.
import { method } from './patch.js';
import { propagatesTo } from './options.js';
import { startRequest } from './request.js';
import { watch } from './promise.js';
import { state } from './state.js';
import { genuine } from './native.js';

/** What `fetch` reads of its second argument; it may be any object, even a Request. */
const INIT_KEYS =
  'method headers body referrer referrerPolicy mode credentials cache redirect integrity keepalive signal duplex priority window attributionReporting targetAddressSpace'.split(
    ' ',
  );

const urlOf = Object.getOwnPropertyDescriptor(window.Request.prototype, 'url').get;
/** Response → the traced request that it answers. */
const answers = new WeakMap();

/** What is a Request, be it of another frame. */
function requestOf(input) {
  try {
    return urlOf.call(input) && input;
  } catch {
    return undefined;
  }
}

/** The arguments of the call with the headers that carry the trace on. */
function withHeaders(input, init, request, headers, traced) {
  const added = traced.headers((name) => headers.has(name));
  if (!added.length) return [input, init];
  for (const [name, value] of added) headers.set(name, value);
  const changed = {};
  if (init) for (const key of INIT_KEYS) if (key in init && init[key] !== undefined) changed[key] = init[key];
  // Any member at all makes a Request lose its referrer, unless it is said again.
  if (request && !Object.keys(changed).length) {
    changed.referrer = request.referrer;
    changed.referrerPolicy = request.referrerPolicy;
  }
  changed.headers = headers;
  return [input, changed];
}

function begin(input, init) {
  const request = requestOf(input);
  const url = new URL(request ? request.url : input, genuine(document, 'baseURI'));
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const verb = String(init?.method ?? request?.method ?? 'GET');
  const own = init?.headers;
  // What fetch will refuse is refused here, before a span is open.
  const headers = propagatesTo(url) && new Headers(own === undefined ? request?.headers : own);
  const traced = startRequest(/^(get|post|put|delete|head|options)$/i.test(verb) ? verb.toUpperCase() : verb, url, init?.body);
  return { traced, signal: init?.signal ?? request?.signal, args: headers ? withHeaders(input, init, request, headers, traced) : [input, init] };
}

export function followFetch() {
  method(window, 'fetch', (original) => ({
    replacement(input, init) {
      let call;
      try {
        call = state.on && arguments.length ? begin(input, init) : undefined;
      } catch {
        // Arguments that fetch itself will refuse.
      }
      if (!call) return original.apply(this, arguments);
      const { traced, signal, args } = call;
      const { context } = traced;
      return watch(
        original.apply(this, arguments.length > 1 || args[1] ? args : [input]),
        context,
        (response) => {
          traced.responded(response.status);
          answers.set(response, traced);
        },
        // A signal that ends a request because of the time has not been asked to by the user of the page.
        (error) => traced.failed(error, signal?.aborted && error?.name !== 'TimeoutError'),
      );
    },
  }));

  const streaming = (original) => ({
    replacement() {
      if (state.on) answers.get(this)?.streaming();
      return original.apply(this, arguments);
    },
  });
  method(Response.prototype, 'body', streaming, 'get');

  for (const key of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']) {
    method(Response.prototype, key, (original) => ({
      replacement() {
        const traced = state.on && answers.get(this);
        const promise = original.apply(this, arguments);
        if (!traced) return promise;
        answers.delete(this);
        traced.reading();
        const finished = () => traced.finished();
        return watch(promise, traced.context, finished, (error) => {
          // What the body says may be wrong, and the body whole.
          if (key === 'formData' || error?.name === 'SyntaxError') finished();
          else traced.failed(error, error?.name === 'AbortError');
        });
      },
    }));
  }
}
