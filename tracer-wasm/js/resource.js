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
import { addReport, addStatus, startClient } from './request.js';
import { epoch, now } from './clock.js';
import { onAction, openActions, parentOf } from './action.js';
import { enterTask } from './register.js';
import { spans } from './spans.js';

const SLOW_MILLIS = 1_000;
const SLOW_BLOCKING_MILLIS = 300;
const MOST = 50;
/** How long the browser's report may take after the element has said that it failed. */
const AFTER_ERROR_MILLIS = 300;
/** So many ended actions are remembered: a slow resource is reported when its action is long over. */
const REMEMBERED = 10;

const RESOURCE = /^(script|link|css|img|image|input|i?frame|track|object|embed|use)$/;
const REQUEST = /^(fetch|xmlhttprequest)$/;

const { setTimeout } = window;
const started = now();
/** The ended actions that have a span, oldest first. */
const ended = [];
/** URL → the time at which its element said that it failed. */
const failures = new Map();
/** The addresses of the spans so far. */
const told = new Set();
let count = 0;

/** Whose resource it is that the page began to fetch at `time`. */
function causeAt(time) {
  const all = [...ended, ...openActions()].filter((action) => action.start <= time && !(action.ended && action.last < time));
  return all.length === 1 ? { parent: parentOf(all[0].context), how: 'inferred' } : { parent: '', how: 'none' };
}

/** Makes a span of an entry of the performance timeline, or of the little that is known without one. */
function addResource({ entry, name, type, start, end, status, failed, late }) {
  if (count++ >= MOST) return spans.dropped(0, 'resources', 1);
  told.add(name);
  const span = startClient(causeAt(start), start, `${type} `, new URL(name));
  // The timeline does not keep the method of a request.
  if (!REQUEST.test(type)) spans.set(span, 'http.request.method', 'GET');
  spans.set(span, 'browser.resource_timing.initiator_type', type);
  if (late) spans.set(span, 'throughline.late', true);
  if (failed) spans.fail(span, 'LoadError', '');
  addStatus(span, status);
  if (entry) {
    spans.set(span, 'browser.resource_timing.render_blocking_status', entry.renderBlockingStatus);
    addReport(span, entry);
  }
  spans.end(span, epoch(end));
}

/** Takes an entry of the performance timeline that is no traced request's. */
export function takeEntry(entry) {
  const { name, initiatorType: type, startTime: start, responseEnd, duration, responseStatus: status } = entry;
  const late = REQUEST.test(type) && start < started;
  if (!late && !RESOURCE.test(type)) return;
  const failed = failures.delete(name);
  const slow = duration >= (entry.renderBlockingStatus === 'blocking' ? SLOW_BLOCKING_MILLIS : SLOW_MILLIS);
  if (late || failed || slow || status >= 400) {
    addResource({ entry, name, type, start, end: responseEnd || start + duration, status, failed, late });
  }
}

/** Hears that an element could not load what it asked for. */
function hearError({ target, isTrusted }) {
  const name = target?.currentSrc || target?.src || target?.href;
  if (!isTrusted || !target.localName || typeof name !== 'string' || told.has(name)) return;
  const time = now();
  failures.set(name, time);
  // Where the request was never made (a policy, a blocker) there is no report.
  setTimeout(() => {
    enterTask(null);
    if (failures.delete(name)) {
      addResource({ name, type: target.localName, start: time, end: time, failed: true });
    }
  }, AFTER_ERROR_MILLIS);
}

/** Takes what the browser has kept from before the tracer was there. */
export function takeEarlier() {
  performance.getEntriesByType('resource').forEach(takeEntry);
}

/** Starts listening. Returns what stops it. */
export function followResources() {
  onAction('end', (action) => {
    if (action.parent && ended.push(action) > REMEMBERED) ended.shift();
  });
  window.addEventListener('error', hearError, true);
  return () => window.removeEventListener('error', hearError, true);
}
