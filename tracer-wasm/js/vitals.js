// Web vitals, as Google defines them (https://web.dev/articles/vitals), each as a `browser.web_vital` event in the
// trace of the document's load: when it is final, and again under the same id when the page is hidden and the value
// has grown since. INP's phases stand on the root of their action as well.
//
// Invariant: a page that was hidden before it was painted has no LCP and FCP, and without FCP no CLS. Times count from
// the activation of a prerendered page; a page that comes back from the back/forward cache begins anew.
import { drain, listen, actionAt, observe } from './timeline.js';
import { bare, selectorOf } from './selector.js';
import { capture } from './sampling.js';
import { emit } from './logs.js';
import { hex } from './hex.js';
import { now } from './clock.js';
import { onAction } from './action.js';
import { spans } from './spans.js';

/** Up to the first it is good, beyond the second poor. */
const LIMITS = { lcp: [2500, 4000], fcp: [1800, 3000], cls: [0.1, 0.25], inp: [200, 500], ttfb: [800, 1800] };
const RATINGS = ['good', 'needs-improvement', 'poor'];

/** Shifts belong together that are less than this apart, and less than this in all. */
const SHIFT_GAP_MILLIS = 1_000;
const SHIFTS_MILLIS = 5_000;
/** So many of the slowest interactions are kept: each stands for 50 faster ones. */
const SLOWEST = 10;
const INTERACTIONS_A_RANK = 50;
/** Durations of events are rounded to this; what ends no further apart was painted by the same frame. */
const ROUNDED_MILLIS = 8;

const { max, min, abs, floor } = Math;
const { requestAnimationFrame } = window;

/** The action of the document's load, whose trace the vitals stand in. */
let load;
/** What there is to say of this view of the page. */
let view;
/** The last frames that events were painted by. */
let frames = [];

const [navigation = {}] = performance.getEntriesByType('navigation');

/** A time since the page was activated. */
const since = (time) => max(time - (navigation.activationStart || 0), 0);

function begin(type, hidden) {
  view = {
    type,
    id: hex(crypto.getRandomValues(new Uint8Array(6))),
    /** When the page was first hidden. */
    hidden,
    /** Vital → the value that was last reported. */
    told: {},
    cls: { value: 0 },
    shifts: { value: 0, largest: 0 },
    slowest: [],
    before: interactions(),
  };
}

const interactions = () => performance.interactionCount ?? 0;
const rating = (name, value) => RATINGS[LIMITS[name].filter((limit) => value > limit).length];

/** Reports a value if it is news. `details` are what it came from. */
function report(name, value, details) {
  const { told, id, type } = view;
  const delta = value - (told[name] ?? 0);
  if (name in told && !delta) return;
  told[name] = value;
  const attributes = {};
  const put = (prefix, more) => {
    for (const key in more) attributes[prefix + key] = more[key];
  };
  put('browser.web_vital.', { name, value, delta, rating: rating(name, value), id: `${name}-${id}`, navigation_type: type });
  put('throughline.web_vital.', details);
  emit('browser.web_vital', 9, attributes, { context: load?.context });
}

/** When INP's phases ended, from the frame that painted them. */
function phases({ start, duration, frame }) {
  const from = max(frame.from, start);
  const painted = max(start + duration, from);
  const to = min(frame.to, painted);
  return { input_delay_ms: from - start, processing_ms: to - from, presentation_ms: painted - to };
}

function onEvent({ startTime: start, duration, interactionId: id, processingStart, processingEnd, target }) {
  let frame = frames.find(({ painted }) => abs(painted - start - duration) <= ROUNDED_MILLIS);
  if (!frame) {
    frames = [...frames.slice(-SLOWEST), (frame = { painted: start + duration, from: processingStart, to: processingEnd })];
  }
  frame.from = min(frame.from, processingStart);
  frame.to = max(frame.to, processingEnd);
  if (!id) return;
  const { slowest } = view;
  let interaction = slowest.find((one) => one.id === id);
  if (!interaction) slowest.push((interaction = { id, duration: -1 }));
  if (duration > interaction.duration) Object.assign(interaction, { start, duration, frame, target: selectorOf(target) || interaction.target });
  slowest.sort((one, other) => other.duration - one.duration).splice(SLOWEST);
  const action = actionAt(start);
  if (action && !(action.interaction?.duration > duration)) action.interaction = interaction;
  if (duration > LIMITS.inp[0]) capture('inp');
}

function onShift({ startTime, value, hadRecentInput, sources = [] }) {
  if (hadRecentInput) return;
  let { shifts } = view;
  if (!(startTime - shifts.last < SHIFT_GAP_MILLIS && startTime - shifts.first < SHIFTS_MILLIS)) {
    shifts = view.shifts = { value: 0, largest: 0, first: startTime };
  }
  shifts.last = startTime;
  shifts.value += value;
  if (value > shifts.largest) {
    shifts.largest = value;
    shifts.target = selectorOf(sources.find(({ node }) => node?.nodeType === 1)?.node);
  }
  if (shifts.value > view.cls.value) view.cls = { ...shifts };
}

function reportLargestPaint() {
  const { lcp } = view;
  if (!lcp) return;
  view.painted = true;
  const resource = lcp.url && performance.getEntriesByName(lcp.url, 'resource').at(-1);
  const value = since(lcp.startTime);
  const first = since(navigation.responseStart);
  const asked = max(first, resource ? since(resource.requestStart || resource.startTime) : 0);
  const loaded = min(value, max(asked, resource ? since(resource.responseEnd) : 0));
  report('lcp', value, {
    target: lcp.target,
    url: bare(lcp.url),
    time_to_first_byte_ms: first,
    resource_load_delay_ms: asked - first,
    resource_load_duration_ms: loaded - asked,
    element_render_delay_ms: value - loaded,
  });
}

function reportAll() {
  drain();
  reportLargestPaint();
  if ('fcp' in view.told) report('cls', view.cls.value, { target: view.cls.target });
  const inp = view.slowest[min(view.slowest.length - 1, floor((interactions() - view.before) / INTERACTIONS_A_RANK))];
  if (inp) report('inp', inp.duration, { target: inp.target, ...phases(inp) });
}

function start() {
  const hidden = performance.getEntriesByType('visibility-state').find((entry) => entry.name === 'hidden' && entry.startTime >= (navigation.activationStart || 0));
  begin(
    navigation.activationStart > 0 ? 'prerender' : document.wasDiscarded ? 'restore' : (navigation.type ?? 'navigate').replace('_', '-'),
    hidden ? hidden.startTime : document.hidden ? 0 : Infinity,
  );
  observe('navigation', ({ responseStart: first, workerStart, fetchStart, domainLookupStart, connectStart, connectEnd }) => {
    const waited = since(workerStart || fetchStart);
    report('ttfb', since(first), {
      waiting_ms: waited,
      cache_ms: since(domainLookupStart) - waited,
      dns_ms: since(connectStart) - since(domainLookupStart),
      connection_ms: since(connectEnd) - since(connectStart),
      request_ms: since(first) - since(connectEnd),
    });
  });
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint' && startTime < view.hidden) report('fcp', since(startTime));
  });
  observe('largest-contentful-paint', ({ startTime, url, element, id }) => {
    if (startTime < view.hidden && !view.painted) view.lcp = { startTime, url, target: selectorOf(element) || (id && `#${id}`) };
  });
  observe('layout-shift', onShift);
  observe('first-input', onEvent);
  observe('event', onEvent, { durationThreshold: 16 });

  listen(window, 'visibilitychange pagehide', ({ type, timeStamp }) => {
    if (type === 'pagehide' || document.hidden) {
      reportAll();
      view.hidden = min(view.hidden, timeStamp);
    }
  });
  listen(window, 'pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    begin('back-forward-cache', document.hidden ? 0 : Infinity);
    view.painted = true;
    report('ttfb', 0);
    // Two frames later the page has been painted again.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        report('fcp', now() - timeStamp);
        report('lcp', view.told.fcp);
      }),
    );
  });
}

/** Starts measuring, a prerendered page when it is activated. Must be called before the load action starts. */
export function followVitals() {
  onAction('start', (action) => action.kind === 'load' && (load = action));
  onAction('end', ({ event, span, interaction }) => {
    if (!view) return;
    // The first thing that the user does ends the search for the largest paint.
    if (event) reportLargestPaint();
    if (span && interaction) {
      const details = { ...phases(interaction), rating: rating('inp', interaction.duration) };
      for (const key in details) spans.set(span, `throughline.interaction.${key}`, details[key]);
    }
  });
  if (document.prerendering) listen(document, 'prerenderingchange', start);
  else start();
}
