// The page's life: prerendered, shown, hidden, frozen, kept for the way back, left.
//
// Invariant: what ended before a page may vanish is under way or in the vault by then.
import { deliverAll, deliverNow } from './exporter.js';
import { endAction, onAction, openActions, rootOf, startAction } from './action.js';
import { endRequests } from './request.js';
import { enterTask } from './register.js';
import { now, serverOffset } from './clock.js';
import { spans } from './spans.js';
import { unclaim } from './vault.js';

const { setTimeout, requestIdleCallback = setTimeout } = window;
/** The page has its first second for itself. */
const FIRST_LOOK_MILLIS = 1_000;

/** The page may go: what has ended is sent. */
function hide() {
  enterTask(null);
  deliverNow();
}

/** The page goes: what is open ends. */
function leave() {
  endRequests();
  for (const action of openActions()) endAction(action, now());
  hide();
  unclaim();
}

/** The page is shown again, by a way back that did not load it, or from a prerendering: a load of its own kind. */
function shown(type, time) {
  const action = startAction('load', time, () => `load ${location.pathname}`);
  rootOf(action);
  spans.set(action.span, 'browser.navigation.type', type);
}

/** The page has time to look for what others left, and goes on delivering. */
const look = () => requestIdleCallback(() => deliverAll());

/** Starts listening. Returns what stops it. */
export function followPage() {
  const listeners = [
    [window, 'pagehide', leave],
    [document, 'freeze', hide],
    [
      document,
      'visibilitychange',
      () => {
        if (document.visibilityState === 'hidden') hide();
        else look();
      },
    ],
    [
      window,
      'pageshow',
      ({ persisted, timeStamp }) => {
        if (!persisted) return;
        shown('back_forward_cache', timeStamp);
        look();
      },
    ],
    [
      document,
      'prerenderingchange',
      ({ timeStamp }) => {
        shown('prerender', timeStamp);
        look();
      },
    ],
    [document, 'resume', look],
    [window, 'online', () => deliverAll(true)],
  ];
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener, true);
  setTimeout(look, FIRST_LOOK_MILLIS);
  onAction('end', ({ span }) => span && serverOffset != null && spans.set(span, 'throughline.clock_offset_ms', serverOffset));
  return () => {
    unclaim();
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener, true);
  };
}
