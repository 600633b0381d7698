// `window.throughline`: what a page may call. Where the tracer does not run, every call is a harmless no-op.
import { Context, endAction, hold, openActions, parentOf, startAction } from './action.js';
import { capture, sample } from './sampling.js';
import { current, runIn } from './register.js';
import { decide } from './consent.js';
import { deliver, deliverAll, discard } from './exporter.js';
import { describeAgain } from './page.js';
import { emit } from './logs.js';
import { epoch, now } from './clock.js';
import { forgetSession, keepSession, shareSession } from './session.js';
import { identify } from './user.js';
import { initialise, options } from './options.js';
import { spans } from './spans.js';
import { late } from './late.js';
import { state } from './state.js';
import { stop } from './stop.js';
import { tell } from './errors.js';
import { trace } from './trace.js';

export const api = {
  version: THROUGHLINE_VERSION,

  /** Takes options over; `options.json` lists them. Returns the api. */
  init(changes) {
    initialise(changes);
    if (state.on) {
      describeAgain();
      sample();
    }
    return api;
  },

  trace,

  /** Adds members to what requests tell their servers; null takes one away. Returns the api. */
  baggage(entries) {
    const { baggage } = options;
    for (const [key, value] of Object.entries(entries ?? {})) {
      if (value == null) delete baggage[key];
      else baggage[key] = value;
    }
    return api;
  },

  /** Reports an error that the page has caught, once, with further attributes; the action that it happened in has failed. */
  exception(error, attributes) {
    if (state.on) tell(error, attributes);
  },

  /** Sends what the flight recorder holds, and all that the session does from now on. */
  capture() {
    if (state.on) capture('application', true);
  },

  /** Emits an event of the page's own, in the context of the code that calls; `attributes`: texts, numbers, truth values. */
  event(name, attributes) {
    if (state.on) emit(String(name), 9, { ...attributes });
  },

  /** Who uses the page from now on: `{ id, name, email }`, or null for nobody. */
  identify,

  /** Names the route that the page is at, as its router has it: `/films/:id`. */
  route(template) {
    if (state.on) late.route?.(template);
  },

  /**
   * Whether the visitor allows that anything is stored or sent. What happened before is delivered with the first yes;
   * with a no it is dropped, and what was stored is removed. The application remembers the answer.
   */
  consent(given) {
    if (!given) forgetSession();
    decide(given);
    if (state.on) given ? (keepSession(shareSession()[3]), deliverAll(true)) : (discard(), new BroadcastChannel('throughline').postMessage({ refused: true }));
  },

  /** Sends what has ended. Settles when it is taken, or when the try has failed. */
  async flush() {
    // None of this is the work of the action that asks for it.
    if (state.on) await runIn(null, deliver);
  },

  /** Sends what there is, and gives the browser's functions back. */
  async shutdown() {
    if (!state.on) return;
    for (const action of openActions()) endAction(action, now());
    stop();
    await deliver();
  },

  /** What the entries of the npm package are made of. Not for pages: it changes without notice. */
  [Symbol.for('throughline')]: { Context, current, endAction, epoch, hold, now, parentOf, runIn, spans, startAction, state },
};
