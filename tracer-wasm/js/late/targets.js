// Event targets that answer: database requests, readers, recorders, animations, dialogs, elements that load or move.
// Their events run in the context in which the work was asked for.
//
// The listener that enters the context is the target's first. Elements let capturing listeners go first; for targets
// outside the document Chromium keeps to the order of registration, so these are listened to when they are made.
// What was made before the tag is not followed there: its events belong to nobody.
import { attribute, constructor, current, enterTask, method, scripts, tagOf, wait } from './core.js';

const { addEventListener } = EventTarget.prototype;

/** A function that notes in which context one of these events is asked for; a later question takes its place. */
function source(events) {
  const asked = new WeakMap();
  function answer(event) {
    // An event of a child passes by as well.
    if (event.target !== this || !event.isTrusted) return;
    scripts.delete(this);
    const { context, release } = asked.get(this);
    // The others come before the answer.
    if (!/^(loadstart|progress|blocked|upgradeneeded)$/.test(event.type)) release();
    enterTask(context);
  }
  return (target, context) => {
    const before = asked.get(target);
    if (before) before.release();
    else for (const type of events.split(' ')) addEventListener.call(target, type, answer, true);
    asked.set(target, { context, release: wait(context) });
  };
}

const READS = 'get getAll getAllKeys getAllRecords getKey count openCursor openKeyCursor';

/**
 * [interface, the methods that ask, the events that answer, whether it has a constructor]. The answer comes to the
 * target that the method returns, else to the request of the cursor, else to the object itself.
 */
const SOURCES = [
  ['IDBFactory', 'open deleteDatabase', 'success error blocked upgradeneeded'],
  ['IDBDatabase', 'transaction', 'complete abort'],
  ['IDBObjectStore', `add put delete clear ${READS}`, 'success error'],
  ['IDBIndex', READS, 'success error'],
  ['IDBCursor', 'advance continue continuePrimaryKey update delete', 'success error'],
  ['Element', 'animate', 'finish cancel'],
  ['HTMLDialogElement', 'close requestClose', 'close'],
  ['FileReader', 'readAsArrayBuffer readAsBinaryString readAsDataURL readAsText', 'loadstart progress load error', true],
  ['MediaRecorder', 'stop requestData', 'dataavailable stop', true],
];

/** What elements load: their interfaces and the property that names it. */
const LOADERS = { __proto__: null, Image: 'src', Script: 'src', IFrame: 'src', Link: 'href' };
const LOADED = /^((img|script|iframe)src|linkhref)$/;
/** So many scripts may wait to be run; a script that never gets into the document waits for ever. */
const MOST_SCRIPTS = 500;

const loads = source('load error');
const moves = source('transitionend transitioncancel animationend animationcancel');

function load(element, key) {
  // These load at once, while they are inserted, or not at all.
  if (/^(about:|javascript:|$)/i.test(attribute(element, key))) return;
  const context = current();
  loads(element, context);
  if (tagOf(element) === 'script' && scripts.size < MOST_SCRIPTS) scripts.set(element, context);
}

export function followTargets() {
  for (const [name, methods, events, made] of SOURCES) {
    const ask = source(events);
    if (made) {
      constructor(window, name, (args, make) => {
        const target = make(args);
        ask(target, null);
        return target;
      });
    }
    const prototype = window[name]?.prototype;
    for (const key of methods.split(' ')) {
      method(prototype, key, (original, self, args) => {
        const context = current();
        const result = original.apply(self, args);
        const target = result instanceof EventTarget ? result : (name === 'IDBCursor' ? self.request : self);
        if (target instanceof EventTarget) ask(target, context);
        return result;
      });
    }
  }

  for (const name in LOADERS) {
    const key = LOADERS[name];
    method(
      window[`HTML${name}Element`].prototype,
      key,
      (original, self, args) => {
        original.apply(self, args);
        load(self, key);
      },
      'set',
    );
  }
  method(Element.prototype, 'setAttribute', (original, self, args) => {
    const { 0: name } = args;
    original.apply(self, args);
    if ((name === 'src' || name === 'href') && LOADED.test(tagOf(self) + name)) load(self, name);
  });

  // Nobody says who has changed a style: whoever waits for the end of the movement in an action has.
  method(EventTarget.prototype, 'addEventListener', (original, self, args) => {
    const { 0: type } = args;
    if (/^(transition|animation)(end|cancel)$/.test(type) && self instanceof Node) {
      const context = current();
      if (context) moves(self, context);
    }
    return original.apply(self, args);
  });
}
