// Clicks that tell of trouble: rage clicks (three within a second on one control) and dead ones (no request, no change
// of the document, no navigation and no other answer within a second). Their root is kept although it caused nothing.
//
// A document is observed only between a press and the first effect of its click: to begin in the click would keep the page
// waiting.
import { closest, hold, listen, matches, now, onAction, onStop, rootOf, spans } from './core.js';

const RAGE_CLICKS = 3;
const PATIENCE_MILLIS = 1_000;

/** Controls whose effect may be none of the document's: fields, links, what opens a popover. */
const QUIET = 'a[href],input:not([type=button],[type=submit]),select,textarea,label,option,summary,video,audio,canvas,[contenteditable],[aria-disabled=true],[popovertarget],[commandfor]';
const CONTROL = 'button,input,[role],[onclick],[data-testid]';
/** The other answers that a user may see. */
const ANSWERS = 'scroll invalid toggle blur selectionchange popstate hashchange fullscreenchange';

const { setTimeout } = window;

/** The clicks that wait for an answer, oldest first: their actions, since when, and what lets them end. */
let waiting = [];
/** Whether a timer will look after them. There is one for all, as timers cost more than the rest together. */
let watched = false;
const observer = new MutationObserver(answered);
/** When the control that was clicked last was clicked, oldest first. */
let clicks = { times: [] };

/** Looks away from the document. */
function lookAway() {
  observer.disconnect();
  last = {};
}

/** Something has happened: no click that waits is dead. */
function answered() {
  if (!waiting.length) return;
  lookAway();
  for (const { action, release } of waiting) release(action.last);
  waiting = [];
}

/** A click that has waited long enough is dead. */
function judge() {
  watched = false;
  // Nothing came of the press.
  if (!waiting.length) return lookAway();
  const left = waiting[0].time + PATIENCE_MILLIS - now();
  if (left > 0) return watch(left);
  mark(waiting[0].action, 'throughline.dead');
  answered();
}

function watch(millis) {
  watched = true;
  setTimeout(judge, millis);
}

/** The control that was pressed last: whether it is one, and whether its effect may be none of the document's. */
let last = {};

/** A control is pressed. */
function pressed(control) {
  last = control ? { control, isControl: matches(control, CONTROL), isQuiet: closest(control, QUIET) } : {};
  if (!last.isControl || last.isQuiet) return;
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  if (!watched) watch(PATIENCE_MILLIS);
}

/** A control was clicked. */
export function clicked(action, control, time) {
  if (control !== last.control) pressed(control);
  const { isControl, isQuiet } = last;
  if (!isControl) return;
  if (clicks.control !== control) clicks = { control, times: [] };
  const { times } = clicks;
  while (time - times[0] >= PATIENCE_MILLIS) times.shift();
  if (times.push(time) === RAGE_CLICKS) mark(action, 'throughline.rage');
  if (action.span || isQuiet) return;
  waiting.push({ action, time, release: hold(action.context) });
}

function mark(action, key) {
  rootOf(action);
  spans.set(action.span, key, true);
}

/** Must be told of clicks by {@link clicked}. */
export function followBehaviour() {
  listen(window, ANSWERS, answered);
  onAction('soon', ({ gesture }) => gesture && pressed(gesture.control));
  onAction('root', answered);
  onStop(answered);
}
