// The spans, which live in WASM: a number is a handle to an open span there, 0 is none.
//
// Times are milliseconds since the Unix epoch, parents are `traceparent` texts. No call throws: a trap of the
// WASM instance stops the tracer for good, and the page goes on with the browser's own functions.
import * as glue from 'throughline-glue';

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

const guard =
  (call, fallback) =>
  (...args) => {
    if (state.broken) return fallback;
    try {
      return call(...args);
    } catch (error) {
      state.broken = true;
      onTrap(error);
      return fallback;
    }
  };

const request = guard(glue.request, 0);
const page = guard(glue.page);
const end = guard(glue.end);
const exception = guard(glue.exception);

/** What follows the origin of a URL or location. */
const addressOf = ({ pathname, search, hash }) => pathname + search + hash;

export const spans = {
  /** `(parent, kind, time, name)` starts a span: `kind` as in OTLP, an empty `parent` starts a trace. */
  start: guard(glue.start, 0),

  /** Starts the client span of an HTTP request, named after its method and redacted path. */
  request(parent, time, method, url) {
    const span = request(parent, time, method, url.origin, addressOf(url));
    spans.text(span, 'server.address', url.hostname);
    spans.number(span, 'server.port', url.port || (url.protocol === 'https:' ? 443 : 80));
    return span;
  },

  /** `(span)`: its `traceparent`. */
  traceparent: guard(glue.traceparent, ''),
  /** `(span, key, value)` */
  text: guard(glue.text),
  /** `(span, key, value)` */
  number: guard(glue.number),
  /** `(span, name, time)` */
  event: guard(glue.event),
  /** `(span, parent)` */
  link: guard(glue.link),
  /** `(span, type, message)` marks the span as failed: the class of error, and its message (may be empty). */
  fail: guard(glue.fail),

  /** Records what was thrown, and marks the span as failed. */
  exception(span, time, thrown) {
    const { name = typeof thrown, message = thrown, stack = '' } = thrown ?? {};
    exception(span, time, String(name), String(message), String(stack));
  },

  /** Notes the page and the session that the span belongs to. */
  page: (span) => page(span, location.origin, addressOf(location), session()),

  end(span, time) {
    end(span, time);
    onEnd();
  },

  /** `(key, value)` describes the page as a resource. */
  resource: guard(glue.resource),
  /** `(bytes)`: an OTLP request of at most that size with the oldest ended spans, or undefined when there are none. */
  take: guard(glue.take),
};
