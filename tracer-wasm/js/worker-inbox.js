// The worker's end of the link to a page that runs the tracer; worker-link.js is the other, and says what they tell
// each other.
//
// A message that comes before the page has answered is an action whose parent is not known yet: what it fetches
// waits for the answer, but never long. Where no page answers, requests are the browser's own.
import { current, enterTask, runIn } from './register.js';
import { options as own } from './options.js';
import { method } from './patch.js';
import { deliver, discard } from './exporter.js';
import { decide } from './consent.js';
import { describePage } from './page.js';
import { endAction, onAction, openActions, startAction } from './action.js';
import { joinSession, keepSession } from './session.js';
import { now } from './clock.js';
import { sample, sampled } from './sampling.js';

/** A page whose main thread is not busy answers within a few milliseconds of the worker's start. */
const WAIT_MILLIS = 250;
/** How long ago what has just been done was done; a zero would say nothing. */
const SOON = 0.01;

const { addEventListener, postMessage, removeEventListener } = window;
const { open: nativeOpen } = XMLHttpRequest.prototype;

/** Action → the number by which the page knows the message that started it. */
const numbers = new WeakMap();
/** The actions of messages that came before the page's answer. */
let early = [];
/** The action of the next message. */
let next;
let linked = false;
let waiting = true;
let answered;
const answer = new Promise((resolve) => {
  answered = () => {
    waiting = false;
    resolve();
  };
});

/** Whether it is known where spans go to. */
export const isLinked = () => linked;

const tell = (throughline) => postMessage.call(window, { throughline });

/** The options are in force from now on. */
export function link() {
  describePage();
  sample();
  linked = true;
}

/** Gives an action its parent, which is a span of the page. */
function adopt(action, [number, parent, sure]) {
  action.parent = parent;
  action.context.sure = sure;
  numbers.set(action, number);
  // The page has emptied its flight recorder.
  if (parent.endsWith('1') && !sampled()) keepSession('page');
  // It was over before its parent was known.
  if (action.ended) finished(action);
}

function finished(action) {
  const number = numbers.get(action);
  if (number) tell([number, now() - action.last || SOON]);
  if (linked) deliver();
}

function open({ options, session, early: told }) {
  Object.assign(own, options);
  joinSession(session);
  link();
  // The first ones had come before this script ran, and were seen by nobody here.
  const missed = told.length - early.length;
  told.forEach((context, index) => {
    const action = early[index - missed];
    if (!context) return;
    if (action) adopt(action, context);
    else tell([context[0], SOON]);
  });
  // The others belong to nobody.
  for (const action of early) if (!action.parent) endAction(action);
  early = [];
  answered();
}

function receive(event) {
  if (!event.isTrusted) return;
  const said = event.data?.throughline;
  if (Array.isArray(said)) {
    event.stopImmediatePropagation();
    // A message that could not be cloned was announced, and never came.
    if (next) endAction(next);
    next = undefined;
    if (said[0]) adopt((next = startAction('worker', now())), said);
    return;
  }
  if (said?.early) {
    event.stopImmediatePropagation();
    open(said);
    return;
  }
  if (!linked) early.push((next = startAction('worker', now(), () => 'message')));
  enterTask(next ? next.context : null);
  next = undefined;
}

/** Starts listening, and says so. Returns what stops it. */
export function followPage() {
  // Whatever the worker listened with before this script ran comes after it.
  const { onmessage } = window;
  window.onmessage = null;
  addEventListener.call(window, 'message', receive);
  window.onmessage = onmessage;

  const channel = new BroadcastChannel('throughline');
  channel.postMessage({ url: location.href, name: window.name || location.pathname.split('/').pop() });
  channel.onmessage = ({ data }) => {
    enterTask(null);
    if (data.refused) {
      decide(false);
      discard();
    }
  };
  setTimeout(answered, WAIT_MILLIS);
  onAction('end', finished);

  method(window, 'postMessage', (original, self, args) => {
    if (linked) tell([numbers.get(current()?.action) || -1]);
    return original.apply(self, args);
  });

  method(window, 'close', (original, self, args) => {
    for (const action of openActions()) endAction(action, now());
    return original.apply(self, args);
  });

  method(window, 'fetch', (traced, self, args) => {
    if (linked) return traced.apply(self, args);
    const context = waiting && current();
    if (!context) return fetch.apply(self, args);
    let request;
    try {
      request = new Request(...args);
    } catch {
      return fetch.apply(self, args);
    }
    return answer.then(() => (linked ? runIn(context, () => traced.call(self, request)) : fetch.call(self, request)));
  });

  method(XMLHttpRequest.prototype, 'open', (traced, self, args) => {
    return (linked ? traced : nativeOpen).apply(self, args);
  });

  return () => removeEventListener.call(window, 'message', receive);
}
