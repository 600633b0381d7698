// Web vitals, as Google defines them (https://web.dev/articles/vitals), each as a `browser.web_vital` event in the
// trace of the document's load: when it is final, and again under the same id when the page is hidden and the value
// has grown since. INP's phases stand on the root of their action as well.
//
// Invariant: a page that was hidden before it was painted has no LCP and FCP, and without FCP no CLS. Times count from
// the activation of a prerendered page; a page that comes back from the back/forward cache begins anew.
import { capture, emit, epoch, listen, note, now, onAction, openActions, prefixed, random, spans } from './core.js';
import { actionAt, drain, observe, ownerOf } from './timeline.js';
import { genuine } from '../native.js';
import { bare, selectorOf } from './selector.js';

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
const [navigation = {}] = performance.getEntriesByType('navigation');

/** The action of the document's load, whose trace the vitals stand in. */
let load;

// What is known of this view of the page: how the user came to it, the end of its vitals' ids, when it was first
// hidden, and vital → the value that was last reported.
let type;
let id;
let hidden;
let told;
/** The largest paint that is not reported yet, and whether the search for it is over. */
let largest;
let painted;
/** The worst group of shifts, and the one that may still grow. */
let worst;
let shifts;
/** The slowest interactions, slowest first; how many there were before this view; the last frames that events got. */
let slowest;
let earlier;
let frames = [];

const interactions = () => performance.interactionCount ?? 0;

function begin(how, from) {
  type = how;
  id = random(12);
  hidden = from;
  told = {};
  worst = shifts = { value: 0 };
  slowest = [];
  earlier = interactions();
}

const rating = (name, value) => RATINGS[LIMITS[name].filter((limit) => value > limit).length];

/** A time since the page was activated. */
const since = (time) => max(time - (navigation.activationStart || 0), 0);

/** The time between one point and the next, by name. */
const parts = (names, [before, ...points]) =>
  Object.fromEntries(names.split(' ').map((name, index) => [`${name}_ms`, points[index] - (index ? points[index - 1] : before)]));

/** Reports a value if it is news. `details` are what it came from. */
function report(name, value, details = {}) {
  const delta = value - (told[name] ?? 0);
  if (name in told && !delta) return;
  told[name] = value;
  emit(
    'browser.web_vital',
    9,
    {
      ...prefixed('browser.web_vital.', { name, value, delta, rating: rating(name, value), id: `${name}-${id}`, navigation_type: type }),
      ...prefixed('throughline.web_vital.', details),
    },
    { context: load?.context },
  );
}

/** An interaction's phases, from the frame that painted it. */
function phases({ startTime, duration, frame }) {
  const from = max(frame.from, startTime);
  const end = max(startTime + duration, from);
  return parts('input_delay processing presentation', [startTime, from, min(frame.to, end), end]);
}

function onEvent({ startTime, duration, interactionId, processingStart, processingEnd, target }) {
  const end = startTime + duration;
  let frame = frames.find((one) => abs(one.end - end) <= ROUNDED_MILLIS);
  if (!frame) frames = [...frames.slice(-SLOWEST), (frame = { end, from: processingStart, to: processingEnd })];
  frame.from = min(frame.from, processingStart);
  frame.to = max(frame.to, processingEnd);
  if (!interactionId) return;
  let interaction = slowest.find((one) => one.id === interactionId);
  if (!interaction) slowest.push((interaction = { id: interactionId, duration: -1 }));
  if (duration > interaction.duration) {
    Object.assign(interaction, { startTime, duration, frame, target: selectorOf(target) || interaction.target });
  }
  slowest.sort((one, other) => other.duration - one.duration).splice(SLOWEST);
  const action = actionAt(startTime);
  if (action && !(action.interaction?.duration > duration)) action.interaction = interaction;
  if (duration > LIMITS.inp[0]) capture('inp');
}

/** A shift is an event on the root of the action that it happened in, also where the user's input excuses it. */
function onShift({ startTime, value, hadRecentInput, sources = [] }) {
  const target = selectorOf(sources.find(({ node }) => node instanceof Element)?.node);
  const owner = ownerOf(startTime, startTime);
  if (owner) {
    const attributes = prefixed('browser.layout_shift.', { value, target, had_recent_input: hadRecentInput });
    note(owner, (root) => spans.event(root, 'browser.layout_shift', epoch(startTime), attributes));
  }
  if (hadRecentInput) return;
  if (!(startTime - shifts.to < SHIFT_GAP_MILLIS && startTime - shifts.from < SHIFTS_MILLIS)) {
    shifts = { value: 0, largest: 0, from: startTime };
  }
  shifts.to = startTime;
  shifts.value += value;
  if (value > shifts.largest) {
    shifts.largest = value;
    shifts.target = target;
  }
  if (shifts.value > worst.value) worst = { ...shifts };
}

function reportLargestPaint() {
  painted ||= largest;
  if (!largest) return;
  const { startTime, url, target } = largest;
  largest = undefined;
  const resource = url && performance.getEntriesByName(url, 'resource').at(-1);
  const value = since(startTime);
  const first = since(navigation.responseStart);
  const asked = max(first, resource ? since(resource.requestStart || resource.startTime) : 0);
  const loaded = min(value, max(asked, resource ? since(resource.responseEnd) : 0));
  report('lcp', value, {
    target,
    url: bare(url),
    ...parts('time_to_first_byte resource_load_delay resource_load_duration element_render_delay', [0, first, asked, loaded, value]),
  });
}

/** The page is about to go: reports what is final now. */
export function reportAll() {
  // A prerendered page may go before it was ever shown.
  if (!told) return;
  drain();
  reportLargestPaint();
  if (told.fcp >= 0) report('cls', worst.value, { target: worst.target });
  const inp = slowest[min(slowest.length - 1, floor((interactions() - earlier) / INTERACTIONS_A_RANK))];
  if (inp) report('inp', inp.duration, { target: inp.target, ...phases(inp) });
  hidden = min(hidden, now());
}

function start() {
  begin(
    navigation.activationStart > 0 ? 'prerender' : document.wasDiscarded ? 'restore' : (navigation.type ?? 'navigate').replace('_', '-'),
    performance.getEntriesByType('visibility-state').find(({ name, startTime }) => name === 'hidden' && startTime >= (navigation.activationStart || 0))
      ?.startTime ?? (document.hidden ? 0 : Infinity),
  );
  observe('navigation', ({ responseStart, workerStart, fetchStart, domainLookupStart, connectStart, connectEnd }) =>
    report(
      'ttfb',
      since(responseStart),
      parts('waiting cache dns connection request', [0, ...[workerStart || fetchStart, domainLookupStart, connectStart, connectEnd, responseStart].map(since)]),
    ),
  );
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint' && startTime < hidden) report('fcp', since(startTime));
  });
  observe('largest-contentful-paint', ({ startTime, url, element }) => {
    if (startTime < hidden && !painted) largest = { startTime, url, target: selectorOf(element) };
  });
  observe('layout-shift', onShift);
  observe('first-input', onEvent);
  observe('event', onEvent, { durationThreshold: 16 });

  listen(window, 'pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    begin('back-forward-cache', document.hidden ? 0 : Infinity);
    painted = true;
    // Two frames later the page has been painted again.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        report('ttfb', 0);
        report('fcp', now() - timeStamp);
        report('lcp', told.fcp);
      }),
    );
  });
}

/** Starts measuring, a prerendered page when it is activated. */
export function followVitals() {
  load = [...openActions()].find((action) => action.kind === 'load');
  onAction('end', ({ event, span, interaction }) => {
    // The first thing that the user does ends the search for the largest paint.
    if (event) reportLargestPaint();
    if (span && interaction) {
      spans.put(span, prefixed('throughline.interaction.', { ...phases(interaction), rating: rating('inp', interaction.duration) }));
    }
  });
  if (genuine(document, 'prerendering')) listen(document, 'prerenderingchange', start);
  else start();
}
