// The context register: which action the running code belongs to. It behaves as the proposed AsyncContext
// would. Nothing on this path enters WASM.
//
//   entry (event, timer, reaction)          the application's code            the next task
//   ──────── enter(context) ───────▶  current() for fetch, timers, await  ──▶  cleared by the private channel
//
// Invariant: a context is never seen by work that no action caused. A task that nobody announced finds the
// register cleared by a message that the last entry posted. Where that message is still under way, `window.event`
// tells that the running task is another one than the entered, and so does the phase of an event that has been dispatched.
// An event that others of its gesture follow posts none before somebody asks for the context: most cause nothing.
import { Native, nativeThen } from './native-promise.js';
import { defineProperty, genuine, getOwnPropertyDescriptor } from './native.js';
import { now } from './clock.js';

/** What happened no longer ago has just happened. */
const JUST_MILLIS = 100;
/** So many awaits of plain values in a mixed turn. */
const MOST_VALUES = 100;

/** The running code's context; null for none. */
let register = null;
/** The event that was being dispatched when the register was set. */
let entered;
/** Whether the clearing message is under way. */
let posted = false;
/** Whether more than one context was entered in this turn. */
let mixed = false;
/** How many awaits of plain values are still followed in this turn. */
let values = MOST_VALUES;
/** Whether the code is still running that the register was set for, and not another continuation of its turn. */
let sure = true;

const eventGetter = getOwnPropertyDescriptor(window, 'event')?.get;
const runningEvent = () => (eventGetter ? eventGetter.call(window) : window.event);

const { postMessage } = MessagePort.prototype;
let port;

/** Has `clear` called in a task of its own. */
function post() {
  if (posted) return;
  posted = true;
  if (!port) {
    const channel = new MessageChannel();
    channel.port1.onmessage = cleared;
    port = channel.port2;
  }
  postMessage.call(port, 0);
}

/** Whose the running turn is: nobody's (null) where it is several contexts'; undefined before anything was entered. */
let turn;
/** Whose the last turn was, if no other has begun since, and when that was over. */
let last;
let over = 0;

const settled = Native.resolve();
// Found before the accessor of the prototype, which takes every read for an await; it means the language's own.
defineProperty(settled, 'constructor', { value: undefined });

/** Calls `callback` as a microtask. A reaction takes a fraction of what `queueMicrotask` takes. */
export const soon = (callback) => {
  nativeThen.call(settled, callback);
};

/** Ends the turn: whatever the register holds belongs to a task that is over. */
function clear() {
  leave();
  if (turn !== undefined) {
    last = turn;
    over = now();
  }
  turn = undefined;
  mixed = false;
  values = MOST_VALUES;
  register = null;
}

/** Hears by its message that a turn is over. */
function cleared() {
  clear();
  posted = false;
}

/** What nobody has asked for has seen no work. */
function leave() {
  if (register && posted) register.action.last = now();
}

/**
 * Trusted events that browsers dispatch inside other code (`focus()`, `submit()`, `abort()`, `pushState()`, inserting an
 * iframe), or in the same task behind the event that caused them: their listeners belong to the running code. Every
 * other trusted event is a task of its own, and its listeners belong to nobody unless its context was entered for
 * exactly this event. Matched against the type and the target's tag.
 */
const SYNCHRONOUS =
  /^(before|focus|blur|composition|copy|cut|paste|command|cancel|nav|currententry|dispose|readystate|load(start|end)|progress|abort $|error $|load iframe$|(input|change|select|submit|reset|invalid|formdata|slotchange) .)/;

/**
 * Scripts that the page inserts, with the contexts in which it did, until they have run: no event tells that a script
 * begins.
 */
export const scripts = new Map();

/** Whether a trusted event belongs to the turn in which the register was set. */
function isInTurn(event) {
  if (!SYNCHRONOUS.test(event.type + ' ' + (genuine(event.target ?? event, 'localName') ?? ''))) return false;
  // Without a message nothing tells that the task of the entered event is over. Then the event has just been, and this is
  // none of those that follow no event of the user's (abort, load, error, progress, readystatechange).
  return posted || isRunning() || (!/^([ale]|pr|rea)/.test(event.type) && event.timeStamp - entered.timeStamp < JUST_MILLIS);
}

/** Whether the event that was entered is still being dispatched. */
const isRunning = () => entered?.eventPhase;

/** The context of the running code, or null. */
export function current() {
  if (scripts.size) {
    const script = genuine(document, 'currentScript');
    const context = scripts.get(script);
    if (scripts.delete(script)) enterTask(context);
  }
  if (!register) return null;
  const event = runningEvent();
  if (event?.isTrusted && event !== entered ? !isInTurn(event) : entered && !isRunning()) return null;
  post();
  return mixed && !sure ? register.doubted() : register;
}

/** The context of the turn that has just ended: browsers tell of its unhandled rejections in the next task. */
export function recently() {
  // An event's turn without a message goes on until another begins.
  if (!posted && turn !== undefined) return turn;
  return last && now() - over < JUST_MILLIS ? last : null;
}

/** Sets the register at the start of a reaction (a microtask); `context` may be null. */
export function enter(context) {
  renew();
  if (!context) last = null;
  if (context || posted) turn = turn === undefined || turn === context ? context : null;
  if (register !== context) {
    mixed ||= posted || !!register;
    leave();
    register = context;
  }
  sure = true;
  if (context) {
    entered = runningEvent();
    post();
  }
}

/**
 * Sets the register again, behind the continuation that has just run. That may have awaited a plain value, which
 * nothing observes: what goes on next in this turn is likely its own, but not surely. Where the turn is mixed it may
 * await another, so `again` is called behind each for a while.
 */
export function settle(context, again) {
  if (register !== context) {
    leave();
    register = context;
    mixed = true;
    turn = null;
  }
  sure = false;
  if (mixed && values-- > 0) soon(again);
}

/** Ends the last turn, where it is over and no message will tell so. */
function renew() {
  if (!posted && !isRunning()) clear();
}

/** Sets the register at the start of a task. */
export function enterTask(context) {
  leave();
  register = null;
  enter(context);
  mixed = false;
  values = MOST_VALUES;
}

/** Sets the register at the start of the dispatch of a trusted event that begins a turn; `tells`: whether a message is to end it. */
export function enterEvent(context, event, tells) {
  clear();
  register = turn = context;
  entered = event;
  sure = true;
  if (tells) post();
}

/**
 * Runs `body` as a synchronous part of `context`, and leaves the register as it was. Without a context it is work of the
 * tracer's own, which leaves no rejections: the turn that has ended is still the last.
 */
export function runIn(context, body) {
  renew();
  const before = register;
  const event = entered;
  if (context) enter(context);
  else {
    leave();
    register = null;
  }
  try {
    return body();
  } finally {
    leave();
    register = before;
    entered = event;
  }
}

/** Binds a callback to a context that `entry` enters; what is not a function passes through. */
function bind(entry, callback, context, before) {
  return typeof callback !== 'function'
    ? callback
    : function () {
        before?.();
        entry(context);
        try {
          return callback.apply(this, arguments);
        } finally {
          sure = false;
        }
      };
}

/** A callback that is a task of its own; `before` is called first. */
export const bindTask = (callback, context, before) => bind(enterTask, callback, context, before);

/** A callback that is a reaction (a microtask). */
export const bindReaction = (callback, context) => bind(enter, callback, context);
