// What the browser knows of the document's load, on the root of its action: the phases, and the request of the document,
// `documentFetch`, below it, both named as OpenTelemetry's instrumentation of document loads names them.
//
// The server says which trace made the document by `Server-Timing: traceparent;desc="00-…"`, or in the page by
// `<meta name="traceparent" content="00-…">`. The load is linked to it and not part of it: a document that lies in a
// cache would pile the loads of a thousand users onto one trace. Where the page was rendered before the user asked for
// it, `activationStart` says when that was.
import { addPhases, addReport, addStatus, attribute, epoch, phasesOf, spans, startClient } from './core.js';
import { find } from './dom.js';

const phases = () => ['fetchStart', ...phasesOf(window.PerformanceNavigationTiming)];
const PAINTS = { 'first-paint': 'firstPaint', 'first-contentful-paint': 'firstContentfulPaint' };

const entries = (type) => performance.getEntriesByType(type);

/** The span of the server's that made this document, as a `traceparent`; undefined where it says none. */
function serverSpan({ serverTiming }) {
  const metric = serverTiming?.find(({ name }) => name === 'traceparent');
  const [meta] = find(document, 'meta[name=traceparent]');
  const said = metric?.description || (meta && attribute(meta, 'content'));
  return /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.exec(said)?.[0];
}

/** Tells what is known of the load when it ends. */
export function describeLoad({ span, parent }, late) {
  const [navigation] = entries('navigation');
  if (!navigation) return;
  addPhases(span, navigation, phases());
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
