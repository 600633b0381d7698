// The browser's performance timeline, and the action that an entry of it belongs to.
//
// Nothing that goes wrong here reaches the page: what it would see as its own uncaught error is swallowed.
import { onAction, openActions } from './action.js';
import { onStop } from './stop.js';
import { state } from './state.js';

/** An action has at most so many notes. */
const MOST_NOTES = 100;

/** `callback` while the tracer runs, without its errors. */
export const careful = (callback) => (argument) => {
  try {
    if (state.on) callback(argument);
  } catch {
    // As above.
  }
};

/** Calls `callback(event)` for the events of these types before any listener of the page. */
export function listen(target, types, callback) {
  const listener = careful(callback);
  for (const type of types.split(' ')) {
    target.addEventListener(type, listener, { capture: true, passive: true });
    onStop(() => target.removeEventListener(type, listener, true));
  }
}

/** While the document loads nothing else can have run: the load's context, if no other action is open. */
export function loading() {
  const [only, another] = openActions();
  return only?.kind === 'load' && !another && document.readyState !== 'complete' ? only.context : null;
}

/** Has `write(root)` called when the action ends, if it has a root span then. */
export function note(action, write) {
  const notes = (action.notes ??= []);
  if (notes.length < MOST_NOTES) notes.push(write);
}

onAction('end', ({ span, notes }) => span && notes?.forEach((write) => write(span)));

/** The values under longer names. */
export const prefixed = (prefix, values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
