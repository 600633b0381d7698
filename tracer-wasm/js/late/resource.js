// Resources of the page that failed or were slow: scripts, stylesheets, images, fonts, frames.
//
// A page has hundreds of resources, and nearly all of them are none of anybody's business. One becomes a span,
// `img /path`, when
//   - it failed: its element says so by an `error` event, or its status is 400 or more (a font or a background has no
//     element; the status of another origin's answer is seen only where that origin allows it), or
//   - it took a second or longer, or 300 ms or longer where the page could not be drawn without it;
// and so do the requests that the page made before the tracer was there (`throughline.late`), which the browser has kept.
// At most 50 of a page do; the rest is counted as dropped.
//
// Nothing tells who has asked for a resource. It stands under the one action that was open when its transfer began; where
// there was none, or more than one, it has a trace of its own.
import { genuine } from '../native.js';
import { URL, addReport, addStatus, epoch, listen, now, onAction, openActions, parentOf, runIn, spans, startClient, started, tagOf } from './core.js';

const SLOW_MILLIS = 1_000;
const SLOW_BLOCKING_MILLIS = 300;
const MOST = 50;
/** How long the browser's report may take after the element has said that it failed. */
const AFTER_ERROR_MILLIS = 300;
/** So many ended actions are remembered: a slow resource is reported when its action is long over. */
const REMEMBERED = 10;

const RESOURCE = /^(script|link|css|img|image|input|i?frame)$/;
const REQUEST = /^(fetch|xmlhttprequest)$/;

const { setTimeout } = window;
/** The ended actions that have a span, oldest first. */
const ended = [];
/** The addresses of the spans so far. */
const told = new Set();
/** The entries so far: the browser reports one, and keeps it as well. */
const seen = new WeakSet();

/** Whose resource it is that the page began to fetch at `time`. */
function causeAt(time) {
  const all = [...ended, ...openActions()].filter((action) => action.start <= time && !(action.ended && action.last < time));
  return all.length === 1 ? { parent: parentOf(all[0].context), how: 'inferred' } : { parent: '', how: 'none' };
}

/** Makes a span of an entry of the performance timeline. */
function addResource(entry, failed, late) {
  const { name, initiatorType: type, startTime, duration } = entry;
  if (told.add(name).size > MOST) return spans.dropped(0, 'resources', 1);
  const span = startClient(causeAt(startTime), startTime, `${type} `, new URL(name));
  // The timeline does not keep the method of a request.
  if (!late) spans.set(span, 'http.request.method', 'GET');
  spans.set(span, 'throughline.late', late);
  spans.set(span, 'browser.resource_timing.initiator_type', type);
  spans.set(span, 'browser.resource_timing.render_blocking_status', entry.renderBlockingStatus);
  if (failed) spans.fail(span, 'LoadError', '');
  addStatus(span, entry.responseStatus);
  addReport(span, entry);
  spans.end(span, epoch(startTime + duration));
}

/** Takes an entry of the performance timeline that is no traced request's. */
export function takeEntry(entry) {
  if (seen.has(entry)) return;
  seen.add(entry);
  const { initiatorType: type, renderBlockingStatus, duration } = entry;
  if (REQUEST.test(type)) {
    if (entry.startTime < started) addResource(entry, false, true);
  } else if (
    RESOURCE.test(type) &&
    (entry.responseStatus >= 400 ||
      duration >= (renderBlockingStatus === 'blocking' ? SLOW_BLOCKING_MILLIS : SLOW_MILLIS))
  ) {
    addResource(entry);
  }
}

/** Hears that an element could not load what it asked for. */
function hearError({ target, isTrusted }) {
  if (!isTrusted || !(target instanceof Element)) return;
  let name;
  try {
    name = ['currentSrc', 'src', 'href'].map((key) => genuine(target, key)).find(Boolean);
    if (!/^http/.test(name)) return;
  } catch {
    // An element of the page's own making that does not want to be read.
    return;
  }
  const startTime = now();
  const add = () => {
    if (told.has(name)) return;
    // Where the request was never made (a policy, a blocker) there is no entry.
    const known = performance.getEntriesByName(name, 'resource').pop();
    addResource(known ?? { name, initiatorType: tagOf(target), startTime, duration: 0 }, true);
  };
  setTimeout(() => runIn(null, add), AFTER_ERROR_MILLIS);
}

/** Takes what the browser has kept from before the tracer was there. */
export function takeEarlier() {
  performance.getEntriesByType('resource').forEach(takeEntry);
}

/** Starts listening. */
export function followResources() {
  onAction('end', (action) => {
    if (action.parent && ended.push(action) > REMEMBERED) ended.shift();
  });
  listen(window, 'error', hearError);
}
