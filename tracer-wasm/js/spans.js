// Spans and log records, which live in WASM: a number is a handle to what is open there, 0 is none.
//
// A span is an object until something is said of it: what starts one goes on with its ids, and WASM is not entered
// while the page waits.
//
// Times are milliseconds since the Unix epoch, parents are `traceparent` texts. No call throws: a trap of the
// WASM instance stops the tracer for good, and the page goes on with the browser's own functions.
import { epoch, now } from './clock.js';
import { random, traceId } from './ids.js';
import { late } from './late.js';
import { options } from './options.js';
import { session } from './session.js';
import { state } from './state.js';
import { user } from './user.js';
import { resolve } from './address.js';

/** Longer texts are cut: a stack or an address of this length says all that it will say. */
const LONGEST_TEXT = 4_096;

/** The buffer through which texts pass has this size in WASM. */
const BUFFER_BYTES = 65_536;

const encoder = new TextEncoder();
let wasm;
let bytesOf;
let view;
let onTrap;
let onEnd;
let flags = '01';
let tracestate = '';
let shape = 0;

/** What was lost, by signal and reason, since it was last told. */
const losses = new Map();

/** Takes what makes the module's bytes, and what is to be done when the instance traps and when a span or record has ended. */
export function prepare(bytes, trapped, ended) {
  bytesOf = bytes;
  onTrap = trapped;
  onEnd = ended;
}

/** Starts the instance, unless it runs: when there is something to say, or when the browser is idle. */
export function instantiate() {
  if (wasm || state.broken) return;
  try {
    wasm = new WebAssembly.Instance(new WebAssembly.Module(bytesOf()), {}).exports;
  } catch (error) {
    trap(error);
  }
}

function trap(error) {
  state.broken = true;
  onTrap(error);
}

/** The memory's buffer is another one once the memory has grown. */
function buffer() {
  if (view?.buffer !== wasm.memory.buffer) view = new Uint8Array(wasm.memory.buffer, wasm.record(20), BUFFER_BYTES);
  return view;
}

/** `record(operation, of, number, ...texts)`, of a handle or span: the operations are those of `src/exports.rs`. */
function record(operation, of, ...rest) {
  const call = [operation, of?.own ? handleOf(of) : of, ...rest];
  return options.beforeSend ? late.review(pass, call) : pass(...call);
}

/** The handle of a span, of which something is to be said. */
function handleOf(span) {
  if (span.handle === undefined) {
    span.handle = record(0, span.kind, span.time, span.parent, span.own, span.name);
    span.about?.(span);
  }
  return span.handle;
}

function pass(operation, handle, number, ...texts) {
  instantiate();
  if (state.broken) return 0;
  let text;
  try {
    text = texts.map((one) => String(one).slice(0, LONGEST_TEXT)).join('\0');
  } catch {
    // What the page has thrown need not have a text.
    return 0;
  }
  try {
    return wasm.record(operation, handle, number, text && encoder.encodeInto(text, buffer()).written) >>> 0;
  } catch (error) {
    trap(error);
    return 0;
  }
}

export const spans = {
  /**
   * Starts a span, whose `own` is its `traceparent`; an empty `parent` starts a trace. `kind`: 0 internal, 1 client, 2 producer,
   * 3 consumer. `about(span)` says more of it, once it is clear that there will be something to say.
   */
  start(parent, time, name, kind, about) {
    // A trace belongs to a session, which decides whether it is sampled; a request without a cause begins none.
    if (!parent) session(!kind);
    const trace = parent ? parent.slice(3, 35) : traceId(time, shape);
    return { parent, time, name, kind: kind ? kind + 2 : 1, about, own: `00-${trace}-${random(16)}-${flags}`, handle: undefined };
  },

  /** Opens a log record, an event of OpenTelemetry's where it has a name; an empty `parent` is no trace. */
  log: (parent, time, severity, eventName, body) => record(1, severity, time, parent, eventName, body),

  /** Adds an attribute: a text (which is redacted), number, truth value or array of texts. Anything else is left out. */
  set(handle, key, value) {
    const operation = { number: 8, boolean: 9, string: value && 6 }[typeof value];
    if (operation) record(operation, handle, value, key, value);
    else if (Array.isArray(value) && value.length) record(10, handle, 0, key, ...value, '');
  },

  /** Adds attributes as `set` takes them. */
  put(handle, attributes) {
    for (const key in attributes) spans.set(handle, key, attributes[key]);
  },

  /** Adds an identifier as it is: it would look like a token. */
  id: (handle, key, value) => record(7, handle, 0, key, value),

  /**
   * Adds an address without its user info, the values of its query, and whatever looks like a secret; `more` is 1 for its
   * path as `url.path` as well, 2 for its route in the span's name.
   */
  url(handle, key, url, more) {
    try {
      const { protocol, host, pathname, search, hash } = new URL(resolve(url).href);
      // What has no host (`data:`) is no address but content.
      record(11, handle, more, key, host ? `${protocol}//${host}` : protocol, host ? pathname + search + hash : '');
    } catch {
      // No address at all.
    }
  },

  /** Adds the route of a path: `{id}` stands for what looks like an identifier. */
  route: (handle, key, path) => record(11, handle, 4, key, '', path),

  /** Adds an event to a span. */
  event(span, name, time, attributes) {
    const event = record(2, span, time, '', name);
    spans.put(event, attributes);
    record(14, event, time);
  },

  rename: (span, name) => record(26, span, 0, name),

  link: (span, parent) => record(12, span, 0, parent),

  /** Marks the span as failed: the class of error, and its message (may be empty). */
  fail(span, type, message) {
    spans.set(span, 'error.type', type);
    record(13, span, 0, message);
  },

  /** Notes the page, the session and the user that a span or log record belongs to. */
  page(handle, address = location) {
    spans.url(handle, 'url.full', address, 1);
    spans.id(handle, 'session.id', session());
    for (const key in user) spans.id(handle, key, user[key]);
  },

  /** Ends a span or emits a log record. */
  end(handle, time) {
    record(14, handle, time);
    onEnd();
  },

  /** Describes the page as a resource. */
  describe(attributes) {
    const time = epoch(now());
    const resource = record(3, 0, time);
    for (const key in attributes) {
      const value = attributes[key];
      // A version may look like a token.
      if (typeof value === 'string') value && spans.id(resource, key, value);
      else spans.set(resource, key, value);
    }
    record(14, resource, time);
  },

  /** The span's `traceparent` (W3C Trace Context, version 00). */
  traceparent: ({ own }) => own,

  /** The `tracestate` that goes with every `traceparent`; empty where there is none. */
  traceState: () => tracestate,

  /** Gives trace ids a shape: 0 random, 1 led by their time in seconds, 2 with nothing but zeros in the upper half. */
  shapeIds(wanted) {
    shape = wanted;
  },

  /** What the session's spans tell from now on: whether they are sampled, and their `tracestate`. */
  sampling(sampled, state) {
    flags = sampled ? '01' : '00';
    tracestate = state;
    record(16, sampled, 0, state);
  },

  /** Switches the flight recorder: while it is on, what ends is held; once it is off, all that it holds can be taken. */
  record: (on) => record(17, on, epoch(now())),

  /**
   * `(signal, bytes)`: an OTLP request of at most that size with the oldest that waits, or undefined when there is
   * nothing. Signals: 0 traces, 1 logs, 2 metrics (of what the tracer itself has lost).
   */
  take(signal, bytes) {
    if (signal > 1) late.losses?.(losses, record);
    const length = record(21, signal, bytes);
    const at = record(22);
    return length ? new Uint8Array(wasm.memory.buffer.slice(at, at + length)) : undefined;
  },

  /** Counts what was lost on its way to the server: spans (signal 0) or log records (1). */
  dropped(signal, reason, count) {
    const key = signal + reason;
    if (count) losses.set(key, (losses.get(key) ?? 0) + count);
  },
};
