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

/** The browser's own: behind ours, what it calls would be a task of the page. */
export const Observer = PerformanceObserver;

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

/** How many bytes a body has, where that is known at once; a text that is counted later. */
const sizeOf = (body) =>
  body instanceof Blob ? body.size : typeof body === 'string' && body.length < LONGEST_COUNTED ? body : body?.byteLength;

/** A request of a method (as the page has it) to an address in full, from `start` on. */
class Traced {
  /** When the page last heard of the request. */
  #heard;
  /** The browser's report. */
  #report;
  #timer;

  constructor(verb, url, body, start) {
    const cause = causeOf();
    // These are sent in capitals, others as they are; CONNECT and TRACE no page may send.
    const common = /^(get|head|post|put|delete|options)$/i.test(verb);
    const method = common ? verb.toUpperCase() : verb;
    const isKnown = common || verb === 'PATCH';
    this.method = isKnown ? method : '_OTHER';
    this.original = isKnown ? '' : method;
    this.url = url;
    this.body = sizeOf(body);
    this.start = start;
    this.whose = cause;
    this.release = hold(cause.context);
    this.span = spans.start(cause.parent, epoch(start, start), `${isKnown ? method : 'HTTP'} `, 1);
    open.add(this);
  }

  #wait(millis) {
    clearTimeout(this.#timer);
    if (this.#report) this.end(this.#report.responseEnd);
    else if (open.has(this)) this.#timer = setTimeout(() => this.end(this.#heard), millis);
  }

  /** What the request carries to its server, `[name, value]`; `has(name)` says which headers the page has set. */
  headers(has) {
    return headersOf(options.propagators, this.span.own, spans.traceState(), options.baggage, has);
  }

  /** The headers have arrived. */
  responded(status) {
    this.#heard = now();
    addStatus(this.span, status);
    this.#wait(AFTER_HEADERS_MILLIS);
  }

  /** The page has begun to read the body: the span ends with it. */
  reading() {
    clearTimeout(this.#timer);
  }

  /** The page may read the body piece by piece: only the browser's report says when it had all of it. */
  streaming() {
    this.#wait(LONGEST_STREAM_MILLIS);
  }

  /** The body has arrived, or reading it has failed. */
  finished() {
    this.#heard = now();
    this.#wait(AFTER_BODY_MILLIS);
  }

  /** There is no answer, or not all of it: `error` is what the page is told, `aborted` whether the page wanted it so. */
  failed(error, aborted) {
    const type = String(error?.name || 'Error');
    if (aborted) spans.set(this.span, 'error.type', type);
    else spans.fail(this.span, type, error.message || '');
    this.end(now());
  }

  /** Ends the span, and says what the request was: the page did not have to wait for that. `time` since the navigation. */
  end(time) {
    if (!open.delete(this)) return;
    const { span, body } = this;
    clearTimeout(this.#timer);
    describe(span, this.whose, span.name, new URL(this.url));
    spans.set(span, 'http.request.method', this.method);
    spans.set(span, 'http.request.method_original', this.original);
    spans.set(span, 'http.request.body.size', typeof body === 'string' ? new Blob([body]).size : body);
    spans.end(span, epoch(time));
    this.release(time);
  }

  /** Takes a report of the browser's that is this request's. Returns whether it was. */
  claim(entry) {
    // Chromium rounds both times, each its own way; a millisecond is far less than a request.
    if (this.#report || this.url.split('#')[0] !== entry.name || entry.startTime < this.start - 1) return false;
    this.#report = entry;
    addReport(this.span, entry);
    if (this.#heard) this.end(Math.max(entry.responseEnd, this.start));
    return true;
  }
}

/** Starts the request of a method (as the page has it) to an address in full, at `start`. */
export const startRequest = (verb, url, body, start = now()) => new Traced(verb, url, body, start);

/** Ends what is still under way, when the page goes. */
export function endRequests() {
  for (const request of open) request.end(now());
}

/** Listens for the browser's reports; `other` takes those that are no request's. Returns what stops it. */
export function watchReports(other) {
  const observer = new Observer((list) =>
    runIn(null, () => {
      for (const entry of list.getEntries()) if (![...open].some((one) => one.claim?.(entry))) other(entry);
    }),
  );
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}
