// The document's load: the first action of every page, `load /path`, with the phases that the browser knows and the
// request of the document, `documentFetch`, below it, both named as OpenTelemetry's instrumentation of document loads
// names them.
//
// The server says which trace made the document by `Server-Timing: traceparent;desc="00-…"`, or in the page by
// `<meta name="traceparent" content="00-…">`. The load is linked to it and not part of it: a document that lies in a
// cache would pile the loads of a thousand users onto one trace. Where the page was rendered before the user asked for
// it, `activationStart` says when that was.
//
// A tag that is run late (`async`, or written by another script) finds what was before in the browser's performance
// timeline. What is made from that is marked `throughline.late`.
import { addPhases, addReport, addStatus, phasesOf, startClient } from './request.js';
import { endAction, hold, onAction, parentOf, startAction } from './action.js';
import { epoch, now } from './clock.js';
import { spans } from './spans.js';

const PHASES = ['fetchStart', ...phasesOf(PerformanceNavigationTiming)];
const PAINTS = { 'first-paint': 'firstPaint', 'first-contentful-paint': 'firstContentfulPaint' };

const { setTimeout } = window;
const entries = (type) => performance.getEntriesByType(type);

/** The span of the server's that made this document, as a `traceparent`; undefined where it says none. */
function serverSpan({ serverTiming }) {
  const metric = serverTiming?.find(({ name }) => name === 'traceparent');
  const said = metric?.description || document.querySelector('meta[name=traceparent]')?.content;
  return /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.exec(said)?.[0];
}

/** Tells what is known of the load when it ends. */
function describe({ span, parent }, late) {
  const [navigation] = entries('navigation');
  if (!navigation) return;
  addPhases(span, navigation, PHASES);
  for (const { name, startTime } of entries('paint')) spans.event(span, PAINTS[name] ?? name, epoch(startTime));
  spans.set(span, 'browser.navigation_timing.type', navigation.type);
  spans.set(span, 'browser.navigation_timing.redirect_count', navigation.redirectCount);
  spans.set(span, 'browser.resource_timing.transfer_size', navigation.transferSize);
  const server = serverSpan(navigation);
  if (server) spans.link(span, server);
  if (late) spans.set(span, 'throughline.late', true);

  const request = startClient({ parent, how: 'exact' }, navigation.fetchStart, 'documentFetch', location);
  spans.set(request, 'http.request.method', 'GET');
  addStatus(request, navigation.responseStatus);
  addReport(request, navigation);
  spans.end(request, epoch(navigation.responseEnd));
}

/** Starts the load action; it stays open until the load event is over, and where that is the case it has ended. */
export function followLoad() {
  const late = document.readyState !== 'loading';
  const action = startAction('load', 0, () => `load ${location.pathname}`);
  parentOf(action.context);
  onAction('end', (ended) => {
    if (ended === action) describe(action, late);
  });
  if (document.readyState === 'complete') {
    action.last = entries('navigation')[0]?.loadEventEnd || now();
    endAction(action);
    return;
  }
  const release = hold(action.context);
  // The listeners of the application run after this one, and belong to the load.
  window.addEventListener('load', () => setTimeout(() => release()), { once: true, capture: true });
}
