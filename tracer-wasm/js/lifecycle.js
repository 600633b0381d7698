// The page's life: prerendered, shown, hidden, frozen, kept for the way back, left.
//
// Invariant: what ended before a page may vanish is under way or in the vault by then.
import { deliverAll, deliverNow } from './exporter.js';
import { endAction, onAction, openActions, rootOf, startAction } from './action.js';
import { endRequests } from './request.js';
import { enterTask } from './register.js';
import { late } from './late.js';
import { listen } from './timeline.js';
import { now, serverOffset } from './clock.js';
import { spans } from './spans.js';

/** The page has its first second for itself. */
const FIRST_LOOK_MILLIS = 1_000;
/** A page may have died since the last look. */
const NEXT_LOOK_MILLIS = 60_000;

const TURNS = 'pagehide pageshow visibilitychange freeze resume prerenderingchange online';

/** The page's life takes a turn. */
function turn({ type, persisted, timeStamp }) {
  enterTask(null);
  const restored = type === 'pageshow' && persisted;
  if (restored || type === 'prerenderingchange') {
    // Shown without being loaded: a load of its own kind.
    const action = startAction('load', timeStamp, () => `load ${location.pathname}`);
    rootOf(action);
    spans.set(action.span, 'browser.navigation.type', restored ? 'back_forward_cache' : 'prerender');
  }
  if (type === 'pagehide') {
    endRequests();
    for (const action of openActions()) endAction(action, now());
  }
  if (type === 'pagehide' || type === 'freeze' || document.visibilityState === 'hidden') {
    late.leaving?.();
    deliverNow();
  } else if (type === 'online') deliverAll(true);
  else look();
  if (type === 'pagehide') late.unclaim?.();
}

/** The page has time to look for what others left, and goes on delivering. One that nobody sees leaves that to others. */
const look = () => requestIdleCallback(() => document.visibilityState === 'visible' && deliverAll());

/** Starts listening. Returns what stops it. */
export function followPage() {
  listen(window, TURNS, turn);
  const wentBack = (event) => late.wentBack?.(event);
  listen(window, 'popstate hashchange', wentBack);
  if (window.navigation) listen(window.navigation, 'navigate', wentBack);
  setTimeout(look, FIRST_LOOK_MILLIS);
  const timer = setInterval(look, NEXT_LOOK_MILLIS);
  onAction('end', ({ span }) => spans.set(span, 'throughline.clock_offset_ms', serverOffset));
  return () => {
    late.unclaim?.();
    clearInterval(timer);
  };
}
