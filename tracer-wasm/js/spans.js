// The spans, which live in WASM: a number is a handle to an open span there, 0 is none.
//
// Times are milliseconds since the Unix epoch, parents are `traceparent` texts. No call throws: a trap of the
// WASM instance stops the tracer for good, and the page goes on with the browser's own functions.
import * as glue from 'throughline-glue';

import { hex } from './hex.js';
import { session } from './session.js';
import { state } from './state.js';

let onTrap;
let onEnd;

/** Starts the instance. Takes its bytes, and what is to be done when it traps and when a span has ended. */
export function instantiate(bytes, trapped, ended) {
  glue.initSync({ module: new WebAssembly.Module(bytes) });
  onTrap = trapped;
  onEnd = ended;
}

function guard(call, fallback) {
  return (...args) => {
    if (state.broken) return fallback;
    try {
      return call(...args);
    } catch (error) {
      state.broken = true;
      onTrap(error);
      return fallback;
    }
  };
}

const call = guard(glue.record, 0);
const readIds = guard(glue.ids);

/** `record(operation, span, number, ...texts)`: the operations are those of `src/exports.rs`. */
const record = (operation, span, number, ...texts) => call(operation, span, number, texts.join('\0'));

/** What follows the origin of a URL or location. */
const addressOf = ({ pathname, search, hash }) => pathname + search + hash;

export const spans = {
  /** Starts an internal span; an empty `parent` starts a trace. */
  start: (parent, time, name) => record(0, 0, time, parent, name),

  /** Starts the client span of an HTTP request, named after its method and redacted path. */
  request(parent, time, method, url) {
    const span = record(1, 0, time, parent, method, url.origin, addressOf(url));
    spans.text(span, 'server.address', url.hostname);
    spans.number(span, 'server.port', url.port || (url.protocol === 'https:' ? 443 : 80));
    return span;
  },

  text: (span, key, value) => record(2, span, 0, key, value),
  number: (span, key, value) => record(3, span, value, key),
  event: (span, name, time) => record(4, span, time, name),
  link: (span, parent) => record(5, span, 0, parent),
  /** Marks the span as failed: the class of error, and its message (may be empty). */
  fail: (span, type, message) => record(6, span, 0, type, message),

  /** Records what was thrown, and marks the span as failed. */
  exception(span, time, thrown) {
    const { name = typeof thrown, message = thrown, stack = '' } = thrown ?? {};
    record(7, span, time, name, message, stack);
  },

  /** Notes the page and the session that the span belongs to. */
  page: (span) => record(8, span, 0, location.origin, session(), addressOf(location)),

  end(span, time) {
    record(9, span, time);
    onEnd();
  },

  /** Describes the page as a resource; `service.name` begins the description anew. */
  resource: (key, value) => record(10, 0, 0, key, value),

  /** The span's `traceparent` (W3C Trace Context, version 00, sampled); empty when it has ended. */
  traceparent(span) {
    const ids = readIds(span);
    return ids ? `00-${hex(ids.slice(0, 16))}-${hex(ids.slice(16))}-01` : '';
  },

  /** `(bytes)`: an OTLP request of at most that size with the oldest ended spans, or undefined when there are none. */
  take: guard(glue.take),
};
