// fetch and the body methods of Response.
//
// The page gets a promise that settles as the original's does, with the same response or error. It is one
// reaction younger, since the tracer's reaction on the original hides that nobody handles its rejection. That
// reaction only looks: an error that passed through a function of the tracer would seem to be the tracer's.
import { resolve } from './address.js';
import { getter } from './native.js';
import { method } from './patch.js';
import { propagatesTo } from './options.js';
import { startRequest } from './request.js';
import { watch } from './promise.js';

/** What this browser's `fetch` reads of its second argument, which may be any object, even a Request. */
let members;
function initMembers() {
  const asked = [];
  if (!members) new Request('data:,', new Proxy({}, { __proto__: null, get: (_, member) => void asked.push(member) }));
  return (members ??= asked);
}

const urlOf = getter(Request, 'url');
/** Response → the traced request that it answers. */
const answers = new WeakMap();

/** What is a Request, be it of another frame. */
function requestOf(input) {
  try {
    return typeof input === 'object' && urlOf(input) && input;
  } catch {
    return undefined;
  }
}

/** The arguments of the call with the headers that carry the trace on; `headers` are the page's own. */
function withHeaders(input, init, request, headers, traced) {
  const added = traced.headers(headers && ((name) => headers.has(name)));
  if (!added.length) return [input, init];
  // Whatever stands between this and the browser finds what the page has said, and its headers in the shape it gave them.
  const known = { __proto__: null };
  if (init) for (const member of initMembers()) if (member in init && init[member] !== undefined) known[member] = init[member];
  // Any member at all makes a Request lose its referrer, unless it is said again.
  if (request && !Object.keys(known).length) {
    known.referrer = request.referrer;
    known.referrerPolicy = request.referrerPolicy;
  }
  const given = known.headers;
  const all = [...(headers ?? []), ...added];
  known.headers =
    given instanceof Headers ? new Headers(all)
    : given?.[Symbol.iterator] ? all
    : { ...given, ...Object.fromEntries(given ? added : all) };
  return [input, { __proto__: null, ...init, ...known }];
}

function begin(input, init) {
  const request = requestOf(input);
  // A library's own, whose `fetch` knows what it means.
  if (!request && input?.headers) return undefined;
  const url = resolve(request ? request.url : input);
  if (!/^https?:/.test(url.href)) return undefined;
  const verb = String(init?.method ?? request?.method ?? 'GET');
  const propagated = propagatesTo(url);
  const given = init?.headers;
  const theirs = given === undefined ? request?.headers : given;
  // What fetch will refuse is refused here, before a span is open.
  const headers = propagated && theirs !== undefined ? new Headers(theirs) : undefined;
  const traced = startRequest(verb, url.href, init?.body);
  return { traced, signal: init?.signal ?? request?.signal, changed: propagated ? withHeaders(input, init, request, headers, traced) : [input, init] };
}

export function followFetch() {
  method(window, 'fetch', (original, self, args) => {
    const { 0: input, 1: init } = args;
    let call;
    try {
      call = args.length ? begin(input, init) : undefined;
    } catch {
      // Arguments that fetch itself will refuse.
    }
    if (!call) return original.apply(self, args);
    const { traced, signal, changed } = call;
    const { context } = traced.whose;
    return watch(
      original.apply(self, args.length > 1 || changed[1] ? changed : [input]),
      context,
      (response) => {
        traced.responded(response.status);
        answers.set(response, traced);
      },
      // A signal that ends a request because of the time has not been asked to by the user of the page.
      (error) => traced.failed(error, signal?.aborted && error?.name !== 'TimeoutError'),
    );
  });

  const streaming = (original, self, args) => {
    answers.get(self)?.streaming();
    return original.apply(self, args);
  };
  method(Response.prototype, 'body', streaming, 'get');

  for (const key of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']) {
    method(Response.prototype, key, (original, self, args) => {
      const traced = answers.get(self);
      const promise = original.apply(self, args);
      if (!traced) return promise;
      answers.delete(self);
      traced.reading();
      const finished = () => traced.finished();
      return watch(promise, traced.whose.context, finished, (error) => {
        // What the body says may be wrong, and the body whole.
        if (key === 'formData' || error?.name === 'SyntaxError') finished();
        else traced.failed(error, error?.name === 'AbortError');
      });
    });
  }
}
