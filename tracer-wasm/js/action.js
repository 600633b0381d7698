// Actions: what the user did, and everything that it causes until it is quiet.
//
// An action is quiet when it has no open request, timer of up to a second, frame or message, and no pending
// await younger than five seconds, for 100 ms. It then ends, at the latest after 30 s. An action that caused
// nothing is dropped. What an ended action still runs begins traces of its own, linked to it.
import { enter, runIn, settle, soon } from './register.js';
import { epoch, now } from './clock.js';
import { spans } from './spans.js';

const QUIET_MILLIS = 100;
const LONGEST_MILLIS = 30_000;
const YOUNG_AWAIT_MILLIS = 5_000;
/** A timer of up to this long keeps its action open. */
export const SHORT_TIMER_MILLIS = 1_000;

const live = new Set();

/** The open actions, oldest first. */
export const openActions = () => live;

/** Who wants to hear of actions. */
const listeners = { start: [], soon: [], root: [], end: [] };

/**
 * Has `callback(action)` called when an action starts, in a task soon after, when its root span has been started, or just
 * before it ends (`kind`: start, soon, root, end). An action that caused nothing has no span at its end: `rootOf` then
 * keeps it.
 */
export function onAction(kind, callback) {
  listeners[kind].push(callback);
}

function tell(kind, action) {
  for (const callback of listeners[kind]) callback(action);
}

/**
 * Starts an action. `name()` is asked once, when the action causes its first work; `event` is the DOM event that
 * started it, where there is such. (That of a gesture has it as `gesture`.)
 */
export function startAction(kind, start, name, event) {
  const action = {
    kind,
    start,
    name,
    event,
    /** The root span, or 0 as long as the action has caused nothing. */
    span: 0,
    /** The root's `traceparent`. */
    parent: '',
    /** Open requests, short timers, frames and messages; and whether a key or button is still down. */
    open: 0,
    isDown: false,
    /** Pending awaits, how many there were in all, and when the count last changed. */
    awaits: 0,
    awaited: 0,
    awaitedSeen: 0,
    awaitedAt: start,
    last: start,
    ended: false,
  };
  action.context = new Context(action);
  live.add(action);
  tell('start', action);
  setTimeout(() => {
    tell('soon', action);
    setTimeout(check, QUIET_MILLIS, action);
  });
  return action;
}

/** An action, and the span under which its work stands (empty for the action's root). */
export class Context {
  constructor(action, parent = '', sure = true) {
    this.action = action;
    this.parent = parent;
    /** Whether it is certain that work belongs here, or only likely. */
    this.sure = sure;
    const settled = () => settle(this, settled);
    /** Puts the context back when a promise that was awaited in it settles. */
    this.resume = () => {
      action.awaits--;
      enter(this);
      soon(settled);
    };
  }

  /** The same context where it is only likely. */
  doubted() {
    return this.sure ? (this.twin ??= new Context(this.action, this.parent, false)) : this;
  }
}

/** The `traceparent` under which work of this context stands; starts the action's root if need be. */
export function parentOf(context) {
  return context.parent || rootOf(context.action);
}

/** The `traceparent` of the action's root, which is started if need be; empty if the action ended without one. */
export function rootOf(action) {
  if (!action.parent && !action.ended) {
    const { kind } = action;
    const { href } = location;
    action.span = spans.start('', epoch(action.start), action.name(), 0, (span) => {
      spans.set(span, 'throughline.action', kind);
      spans.set(span, 'throughline.causality', 'exact');
      spans.page(span, href);
    });
    action.parent = action.span.own;
    tell('root', action);
  }
  return action.parent;
}

/** Ends an action now: at its last activity, or at `end`. */
export function endAction(action, end = action.last) {
  if (!live.delete(action)) return;
  action.last = end;
  tell('end', action);
  action.ended = true;
  if (action.span) {
    spans.end(action.span, epoch(Math.max(end, action.start)));
    action.span = 0;
  }
}

/** Ends an action that is quiet, or looks again later. */
const check = (action) =>
  runIn(null, () => {
    if (action.ended) return;
    const time = now();
    if (action.awaited !== action.awaitedSeen) {
      action.awaitedSeen = action.awaited;
      action.awaitedAt = time;
    }
    const waiting =
      action.open > 0 || action.isDown || (action.awaits > 0 && time - action.awaitedAt < YOUNG_AWAIT_MILLIS);
    const left = waiting ? QUIET_MILLIS : action.last + QUIET_MILLIS - time;
    if (left <= 0 || time - action.start > LONGEST_MILLIS) endAction(action);
    else setTimeout(check, left, action);
  });

/** Calls a function at most once. */
const once = (release) => (time) => {
  release?.(time);
  release = undefined;
};

/**
 * Keeps the context's action open until the returned function is called (once; further calls do nothing). It takes
 * the time at which the work was done, where that is not now.
 */
export function hold(context) {
  if (!context || context.action.ended) return nothing;
  const { action } = context;
  action.open++;
  return once((time = now()) => {
    action.open--;
    action.last = Math.max(action.last, time);
  });
}

/** Like `hold` for what may never come: it counts as a pending await. */
export function wait(context) {
  if (!context) return nothing;
  const { action } = context;
  action.awaits++;
  action.awaited++;
  return once(() => action.awaits--);
}

const nothing = () => {};
