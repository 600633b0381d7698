// One HTTP request of the page, from its start to the moment when its span can be ended; and what the spans of all
// that goes over the network have in common.
//
// The browser reports a request's phases some time after its body has arrived, if the body is read at all. So
// the span waits for that report, but never long: it then ends when the page last heard of the request.
//
// Attributes and status follow OpenTelemetry's conventions for HTTP clients. A request that the application aborts has
// an `error.type`, but it is no error: nothing has failed.
import { hold, parentOf } from './action.js';
import { current, runIn } from './register.js';
import { epoch, now } from './clock.js';
import { headersOf } from './propagation.js';
import { loading } from './timeline.js';
import { options } from './options.js';
import { session } from './session.js';
import { spans } from './spans.js';

/** How long the report may take after the headers, and after the body. */
const AFTER_HEADERS_MILLIS = 300;
const AFTER_BODY_MILLIS = 150;
/** A stream that lasts longer ends in the picture with its headers. */
const LONGEST_STREAM_MILLIS = 30_000;
/** How many metrics of a `Server-Timing` header become events. */
const MOST_METRICS = 10;
/** The size of a longer text is not worth its counting. */
const LONGEST_COUNTED = 10_000;

/** The moments that an entry of this interface of the performance timeline tells, by their names there. */
export const phasesOf = ({ prototype }) =>
  Object.keys(prototype).filter((key) => /(Start|End|Interactive|Complete)$/.test(key));
let phases;

const { setTimeout, clearTimeout, Blob, PerformanceObserver: Native } = window;
/** The browser's own: behind ours, what it calls would be a task of the page. */
export const Observer = Native;

/** What is under way: requests whose report is awaited, and sockets. Each has an `end(time)`, a request a `claim(entry)`. */
export const open = new Set();

/**
 * Which span caused what the running code asks of the network, how that is known, and which ended action left it
 * running.
 */
export function causeOf(context = current()) {
  if (context) {
    return context.action.ended
      ? { context, parent: '', how: 'none', link: context.action.parent }
      : { context, parent: parentOf(context), how: context.sure ? 'exact' : 'task' };
  }
  const load = loading();
  return load ? { context: load, parent: parentOf(load), how: 'inferred' } : { parent: '', how: 'none' };
}

/**
 * Starts a client span, named by a word and, where that ends with a blank, the redacted path of `url`; `time` since the
 * navigation.
 */
export function startClient(cause, time, word, url) {
  const span = spans.start(cause.parent, epoch(time), word, 1);
  describe(span, cause, word, url);
  return span;
}

/** Says of a client span what `startClient` says. */
function describe(span, { parent, how, link }, word, url) {
  spans.url(span, 'url.full', url, word.endsWith(' ') ? 2 : 0);
  spans.set(span, 'server.address', url.hostname);
  spans.set(span, 'server.port', +url.port || (url.protocol === 'https:' ? 443 : 80));
  spans.set(span, 'throughline.causality', how);
  if (link) spans.link(span, link);
  if (!parent) spans.id(span, 'session.id', session());
}

/** Notes when things happened, as far as an entry of the performance timeline knows. */
export function addPhases(span, entry, phases) {
  for (const phase of phases) if (entry[phase] > 0) spans.event(span, phase, epoch(entry[phase]));
}

/** Notes what the browser reports of a transfer, whatever has asked for it. */
export function addReport(span, entry) {
  addPhases(span, entry, (phases ??= phasesOf(PerformanceResourceTiming)));
  const version = /[\d.]+/.exec(entry.nextHopProtocol);
  if (version) {
    spans.set(span, 'network.protocol.name', 'http');
    spans.set(span, 'network.protocol.version', version[0]);
  }
  spans.set(span, 'http.response.body.size', entry.encodedBodySize || '');
  spans.set(span, 'browser.resource_timing.delivery_type', entry.deliveryType);
  for (const { name, duration, description } of entry.serverTiming?.slice(0, MOST_METRICS) ?? []) {
    spans.event(span, 'Server-Timing', epoch(entry.responseStart), { name, dur: duration, desc: description });
  }
}

/** Notes the status of an answer; 0 is that of an answer that the page may not see. */
export function addStatus(span, status) {
  if (status) spans.set(span, 'http.response.status_code', status);
  if (status >= 400) spans.fail(span, `${status}`, '');
}

/** How many bytes a body has, where that is known at once. */
const sizeOf = (body) =>
  (typeof body === 'string' && body.length < LONGEST_COUNTED) || body instanceof Blob
    ? new Blob([body]).size
    : body?.byteLength;

/** Starts the request of a method (as the page has it) to an address in full, at `start`. */
export function startRequest(verb, url, body, start = now()) {
  const cause = causeOf();
  const { context } = cause;
  // These are sent in capitals, others as they are; CONNECT and TRACE no page may send.
  const common = /^(get|head|post|put|delete|options)$/i.test(verb);
  const method = common ? verb.toUpperCase() : verb;
  const known = common || verb === 'PATCH';
  const word = `${known ? method : 'HTTP'} `;
  const span = spans.start(cause.parent, epoch(start), word, 1);
  const size = sizeOf(body);
  const traceparent = spans.traceparent(span);
  const release = hold(context);
  const address = url.split('#')[0];
  /** When the page last heard of the request. */
  let heard;
  /** The browser's report. */
  let report;
  let timer;

  const wait = (millis) => {
    clearTimeout(timer);
    if (report) request.end(report.responseEnd);
    else if (open.has(request)) timer = setTimeout(() => request.end(heard), millis);
  };

  const request = {
    context,

    /** What the request carries to its server, `[name, value]`; `has(name)` says which headers the page has set. */
    headers: (has) =>
      traceparent ? headersOf(options.propagators, traceparent, spans.tracestate(), options.baggage, has) : [],

    /** The headers have arrived. */
    responded(status) {
      heard = now();
      addStatus(span, status);
      wait(AFTER_HEADERS_MILLIS);
    },

    /** The page has begun to read the body: the span ends with it. */
    reading() {
      clearTimeout(timer);
    },

    /** The page may read the body piece by piece: only the browser's report says when it had all of it. */
    streaming() {
      wait(LONGEST_STREAM_MILLIS);
    },

    /** The body has arrived, or reading it has failed. */
    finished() {
      heard = now();
      wait(AFTER_BODY_MILLIS);
    },

    /** There is no answer, or not all of it: `error` is what the page is told, `aborted` whether the page wanted it so. */
    failed(error, aborted) {
      const type = String(error?.name || 'Error');
      if (aborted) spans.set(span, 'error.type', type);
      else spans.fail(span, type, error.message || '');
      request.end(now());
    },

    /** Ends the span, and says what the request was: the page did not have to wait for that. `time` since the navigation. */
    end(time) {
      if (!open.delete(request)) return;
      clearTimeout(timer);
      describe(span, cause, word, new URL(url));
      spans.set(span, 'http.request.method', known ? method : '_OTHER');
      if (!known) spans.set(span, 'http.request.method_original', method);
      spans.set(span, 'http.request.body.size', size);
      spans.end(span, epoch(time));
      release(time);
    },

    /** Takes a report of the browser's that is this request's. Returns whether it was. */
    claim(entry) {
      // Chromium rounds both times, each its own way; a millisecond is far less than a request.
      if (report || address !== entry.name || entry.startTime < start - 1) return false;
      report = entry;
      addReport(span, entry);
      if (heard) request.end(Math.max(entry.responseEnd, start));
      return true;
    },
  };
  open.add(request);
  return request;
}

/** Ends what is still under way, when the page goes. */
export function endRequests() {
  for (const request of open) request.end(now());
}

/** Listens for the browser's reports; `other` takes those that are no request's. Returns what stops it. */
export function watchReports(other) {
  const observer = new Observer((list) =>
    runIn(null, () => {
      for (const entry of list.getEntries()) if (![...open].some(({ claim }) => claim?.(entry))) other(entry);
    }),
  );
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}
