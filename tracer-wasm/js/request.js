// One HTTP request of the page, from its start to the moment when its span can be ended; and what the spans of all
// that goes over the network have in common.
//
// The browser reports a request's phases some time after its body has arrived, if the body is read at all. So
// the span waits for that report, but never long: it then ends when the page last heard of the request.
//
// Attributes and status follow OpenTelemetry's conventions for HTTP clients. A request that the application aborts has
// an `error.type`, but it is no error: nothing has failed.
import { hold, openActions, parentOf } from './action.js';
import { current, enter } from './register.js';
import { epoch, now } from './clock.js';
import { headersOf } from './propagation.js';
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
const PHASES = phasesOf(PerformanceResourceTiming);

const { setTimeout, clearTimeout, Blob } = window;

/** What is under way: requests whose report is awaited, and sockets. Each has an `end(time)`. */
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
  // While the document loads nothing else can have asked: no user action is open.
  const [only, another] = openActions();
  return only?.kind === 'load' && !another && document.readyState !== 'complete'
    ? { context: only.context, parent: parentOf(only.context), how: 'inferred' }
    : { parent: '', how: 'none' };
}

/**
 * Starts a client span, named by a word and, where that ends with a blank, the redacted path of `url`; `time` since the
 * navigation.
 */
export function startClient({ parent, how, link }, time, word, url) {
  const span = spans.request(parent, epoch(time), word, url, word.endsWith(' ') ? 2 : 0);
  spans.set(span, 'throughline.causality', how);
  if (link) spans.link(span, link);
  if (!parent) spans.id(span, 'session.id', session());
  return span;
}

/** Notes when things happened, as far as an entry of the performance timeline knows. */
export function addPhases(span, entry, phases) {
  for (const phase of phases) if (entry[phase] > 0) spans.event(span, phase, epoch(entry[phase]));
}

/** Notes what the browser reports of a transfer, whatever has asked for it. */
export function addReport(span, entry) {
  addPhases(span, entry, PHASES);
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

export class Request {
  constructor(method, url, body, start = now()) {
    this.start = start;
    this.url = url.href.split('#')[0];
    const cause = causeOf();
    this.context = cause.context;
    const known = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$/.test(method);
    this.span = startClient(cause, this.start, `${known ? method : 'HTTP'} `, url);
    spans.set(this.span, 'http.request.method', known ? method : '_OTHER');
    if (!known) spans.set(this.span, 'http.request.method_original', method);
    spans.set(this.span, 'http.request.body.size', sizeOf(body));
    this.traceparent = spans.traceparent(this.span);
    this.release = hold(this.context);
    open.add(this);
  }

  /** What the request carries to its server, `[name, value]`; `has(name)` says which headers the page has set. */
  headers(has) {
    const { propagators, baggage } = options;
    return this.span ? headersOf(propagators, this.traceparent, spans.tracestate(), baggage, has) : [];
  }

  /** The headers have arrived. */
  responded(status) {
    this.heard = now();
    addStatus(this.span, status);
    this.#wait(AFTER_HEADERS_MILLIS);
  }

  /** The page has begun to read the body: the span ends with it. */
  reading() {
    clearTimeout(this.timer);
  }

  /** The page may read the body piece by piece: only the browser's report says when it had all of it. */
  streaming() {
    this.#wait(LONGEST_STREAM_MILLIS);
  }

  /** The body has arrived, or reading it has failed. */
  finished() {
    this.heard = now();
    this.#wait(AFTER_BODY_MILLIS);
  }

  /** There is no answer, or not all of it: `error` is what the page is told, `aborted` whether the page wanted it so. */
  failed(error, aborted) {
    this.heard = now();
    const type = String(error?.name || 'Error');
    if (aborted) spans.set(this.span, 'error.type', type);
    else spans.fail(this.span, type, error.message || '');
    this.end(this.heard);
  }

  #wait(millis) {
    clearTimeout(this.timer);
    if (this.entry) this.end(this.entry.responseEnd);
    else if (this.span) this.timer = setTimeout(() => this.end(this.heard), millis);
  }

  /** Ends the span; `time` since the navigation. */
  end(time) {
    if (!this.span) return;
    clearTimeout(this.timer);
    open.delete(this);
    spans.end(this.span, epoch(time));
    this.span = 0;
    this.release(time);
  }

  /** The browser's report. */
  report(entry) {
    addReport(this.span, entry);
    this.entry = entry;
    if (this.heard) this.end(Math.max(entry.responseEnd, this.start));
  }
}

/** Ends what is still under way, when the page goes. */
export function endRequests() {
  for (const request of open) request.end(now());
}

/** Whose report an entry is, if a request's. */
function claim(entry) {
  for (const request of open) {
    // Chromium rounds both times, each its own way; a millisecond is far less than a request.
    if (!request.entry && request.url === entry.name && entry.startTime >= request.start - 1) {
      request.report(entry);
      return true;
    }
  }
}

/** Listens for the browser's reports; `other` takes those that are no request's. Returns what stops it. */
export function watchReports(other) {
  const observer = new PerformanceObserver((list) => {
    enter(null);
    for (const entry of list.getEntries()) if (!claim(entry)) other(entry);
  });
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}
