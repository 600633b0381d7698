// Clicks that tell of trouble: rage clicks (three within a second on one control) and dead ones (no request, no change
// of the document, no navigation and no other answer within a second). Their root is kept although it caused nothing.
//
// A document is observed only while a click waits for its first effect.
import { hold, onAction, rootOf } from './action.js';
import { listen } from './timeline.js';
import { onStop } from './stop.js';
import { spans } from './spans.js';

const RAGE_CLICKS = 3;
const PATIENCE_MILLIS = 1_000;

/** Controls whose effect may be none of the document's: fields, links, what opens a popover. */
const QUIET = 'a[href],input:not([type=button],[type=submit]),select,textarea,label,option,summary,video,audio,canvas,[contenteditable],[aria-disabled=true],[popovertarget],[commandfor],:disabled,:invalid *';
const CONTROL = 'button,input,[role],[onclick],[data-testid]';
/** The other answers that a user may see. */
const ANSWERS = 'scroll invalid toggle blur selectionchange popstate hashchange fullscreenchange';

const { setTimeout, clearTimeout } = window;

/** Click's action → what lets it end. */
const waiting = new Map();
const observer = new MutationObserver(answered);
let clicks = [];

/** Something has happened: no click that waits is dead. */
function answered() {
  observer.disconnect();
  for (const release of waiting.values()) release();
  waiting.clear();
}

/** A control was clicked. */
export function clicked(action, control, time) {
  if (!control?.matches(CONTROL)) return;
  clicks = [...clicks.filter((click) => click.control === control && time - click.time < PATIENCE_MILLIS), { control, time }];
  if (clicks.length === RAGE_CLICKS) mark(action, 'throughline.rage');
  if (action.span || control.closest(QUIET)) return;
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const release = hold(action.context);
  const timer = setTimeout(() => {
    mark(action, 'throughline.dead');
    answered();
  }, PATIENCE_MILLIS);
  waiting.set(action, () => {
    clearTimeout(timer);
    release(action.last);
  });
}

function mark(action, key) {
  rootOf(action);
  spans.set(action.span, key, true);
}

/** Must be told of clicks by {@link clicked}. */
export function followBehaviour() {
  listen(window, ANSWERS, answered);
  onAction('root', answered);
  onStop(answered);
}
