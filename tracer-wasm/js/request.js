// One HTTP request of the page, from its start to the moment when its span can be ended.
//
// The browser reports a request's phases some time after its body has arrived, if the body is read at all. So
// the span waits for that report, but never long: it then ends when the page last heard of the request.
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

const PHASES = [
  'fetchStart',
  'domainLookupStart',
  'domainLookupEnd',
  'connectStart',
  'secureConnectionStart',
  'connectEnd',
  'requestStart',
  'responseStart',
  'responseEnd',
];

const { setTimeout, clearTimeout } = window;

/** Requests whose report is awaited. */
const open = new Set();

export class Request {
  constructor(method, url) {
    this.start = now();
    this.url = url.href.split('#')[0];
    this.context = current();
    const { parent, how, link } = this.#cause();
    this.span = spans.request(parent, epoch(this.start), method, url);
    this.traceparent = spans.traceparent(this.span);
    spans.text(this.span, 'throughline.causality', how);
    if (link) spans.link(this.span, link);
    if (!parent) spans.id(this.span, 'session.id', session());
    this.release = hold(this.context);
    open.add(this);
  }

  /** What the request carries to its server, `[name, value]`; `has(name)` says which headers the page has set. */
  headers(has) {
    const { propagators, baggage } = options;
    return this.span ? headersOf(propagators, this.traceparent, spans.tracestate?.() ?? '', baggage, has) : [];
  }

  /** Which span caused the request, how that is known, and which ended action left it running. */
  #cause() {
    const { context } = this;
    if (context) {
      return context.action.ended
        ? { parent: '', how: 'none', link: context.action.parent }
        : { parent: parentOf(context), how: context.sure ? 'exact' : 'task' };
    }
    // While the document loads nothing else can have asked: no user action is open.
    const [only, another] = openActions();
    if (only?.kind === 'load' && !another && document.readyState !== 'complete') {
      this.context = only.context;
      return { parent: parentOf(only.context), how: 'inferred' };
    }
    return { parent: '', how: 'none' };
  }

  /** The headers have arrived. */
  responded(status) {
    this.heard = now();
    if (status) spans.number(this.span, 'http.response.status_code', status);
    if (status >= 400) spans.fail(this.span, String(status), '');
    this.#wait(AFTER_HEADERS_MILLIS);
  }

  /** The page has begun to read the body: the span ends with it. */
  reading() {
    clearTimeout(this.timer);
  }

  /** The body has arrived, or reading it has failed. */
  finished() {
    this.heard = now();
    this.#wait(AFTER_BODY_MILLIS);
  }

  /** There is no answer. */
  failed(error) {
    this.heard = now();
    spans.fail(this.span, error.name || 'Error', error.message || '');
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

  /** The browser's report: its phases become events of the span. */
  report(entry) {
    for (const phase of PHASES) if (entry[phase] > 0) spans.event(this.span, phase, epoch(entry[phase]));
    if (entry.encodedBodySize) spans.number(this.span, 'http.response.body.size', entry.encodedBodySize);
    this.entry = entry;
    if (this.heard) this.end(Math.max(entry.responseEnd, this.start));
  }
}

/** Ends what is still under way, when the page goes. */
export function endRequests() {
  for (const request of open) request.end(now());
}

/** Listens for the browser's reports. Returns what stops it. */
export function watchReports() {
  const observer = new PerformanceObserver((list) => {
    enter(null);
    for (const entry of list.getEntries()) {
      for (const request of open) {
        // Chromium rounds both times, each its own way; a millisecond is far less than a request.
        if (!request.entry && request.url === entry.name && entry.startTime >= request.start - 1) {
          request.report(entry);
          break;
        }
      }
    }
  });
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}
