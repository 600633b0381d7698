// Gestures: the trusted events of one press of a button or key share one action, named after the control.
//
// Listeners in the capture phase on `window` run before any listener of the application. They look at little: a click is
// five events, the page waits for each, and what the browser is asked for costs more than all that is done with it.
import { controlAround, controlOf, nameControl } from './control.js';
import { current, enterEvent } from './register.js';
import { late } from './late.js';
import { onAction, startAction } from './action.js';
import { pathOf } from './dom.js';
import { listen } from './timeline.js';

/** Events of one press follow one another within this time, unless the button or key is still down. */
const APART_MILLIS = 1_000;
/** The click on a label is followed at once by one on its field; a later second click is another gesture. */
const SECOND_CLICK_MILLIS = 50;

const PRESS = 1;
const RELEASE = 2;
/** Belongs to a press or to nobody. */
const MOVE = 4;
/** Code may dispatch it as well, in the middle of another action. */
const SYNCHRONOUS = 8;
/** Puts something into a field. */
const INPUT = 16;
/** Another event of the same press follows. */
const FOLLOWED = 32;

/** What an event is of a gesture → the types of such events. */
const EVENTS = {
  __proto__: null,
  0: 'click dblclick auxclick contextmenu',
  [PRESS | FOLLOWED]: 'pointerdown keydown',
  [RELEASE]: 'pointercancel keyup',
  [RELEASE | FOLLOWED]: 'pointerup',
  [FOLLOWED]: 'mousedown mouseup touchstart touchend keypress',
  [MOVE | FOLLOWED]: 'pointermove mousemove touchmove dragstart dragenter dragover drop',
  [MOVE | RELEASE]: 'dragend',
  [SYNCHRONOUS]: 'change submit',
  [SYNCHRONOUS | INPUT]: 'beforeinput input',
};
/** The kind of action that an event makes of its gesture. */
const KINDS = { keydown: 'keydown', input: 'change', change: 'change', click: 'click', submit: 'submit' };

let gesture;

class Gesture {
  #pressedOn;
  #control;

  constructor(event, type, time) {
    this.press = type;
    this.target = pathOf(event)[0];
    this.label = '';
    this.clicked = false;
    this.event = event;
    this.dragged = false;
    const name = () => `${this.action.kind} "${this.label || nameControl(this.control)}"`;
    this.action = startAction(KINDS[type] ?? 'click', time, name, event);
    this.action.begun = time;
    this.action.gesture = this;
    late.begun?.(this, event);
  }

  /** The control that was pressed. */
  get pressedOn() {
    return (this.#pressedOn ??= controlAround(this.target));
  }

  /** The control that the gesture is about. */
  get control() {
    return this.#control ?? this.pressedOn;
  }

  /** The control that one of its events is about. */
  at(event) {
    // In a shadow tree the target is the tree's host, whatever is meant.
    return event.target === this.target ? this.pressedOn : controlOf(event);
  }

  /** Whether the event belongs to this press. */
  includes(event, type, traits, time) {
    const { action } = this;
    if (traits & PRESS || action.ended) return false;
    const since = time - action.seen;
    // With nothing held down, what is put into another field is not this press's doing: the browser fills in a form.
    if (traits & INPUT && !action.isDown && late.isOther?.(this, this.at(event))) return false;
    if (type === 'click' && this.clicked && since > SECOND_CLICK_MILLIS) return false;
    return action.isDown || since <= APART_MILLIS;
  }

  take(event, type, traits, time) {
    const { action } = this;
    action.seen = time;
    action.last = Math.max(action.last, time);
    if (traits & PRESS) action.isDown = true;
    // The browser takes the pointer over where it drags for the page.
    if ((traits & RELEASE && !(type === 'pointercancel' && this.dragged)) || type === 'click') action.isDown = false;
    // What has caused work keeps the name that it had then.
    if (!action.span && KINDS[type] && !this.dragged) this.#describe(event, type, time);
    if (this.dragged && (type === 'pointerup' || type === 'drop')) late.step?.(action, this.at(event), true);
    if (type === 'click' && !this.dragged) {
      this.clicked = true;
      late.clicked?.(action, this.at(event), time);
    }
  }

  /** Names the control as it is now. */
  name() {
    this.label ||= late.nameOf && nameControl(this.control);
  }

  #describe(event, type, time) {
    const control = (type === 'submit' && event.submitter) || this.at(event);
    const byPointer = this.press === 'pointerdown';
    // Pressing a button takes the focus from a field, which has then changed; the press was not meant for it.
    if (type === 'change' && byPointer && control !== this.pressedOn) return;
    // Sending a form by its button is a click; only Enter in a field is a submission.
    if (type === 'submit' && (byPointer || control === this.pressedOn)) return;
    const { action } = this;
    action.kind = KINDS[type];
    if (control !== this.control) {
      this.label = '';
      late.step?.(action, control);
    }
    this.#control = control;
    action.event = event;
    if (type === 'click' || type === 'submit') {
      action.start = time;
      // The handler may change the page before the name is asked for.
      this.name();
    }
  }
}

function observe(event, traits) {
  if (!event.isTrusted) return;
  const { type, timeStamp } = event;
  if (traits & MOVE) {
    if (!gesture?.action.isDown) return;
    late.moved?.(gesture, event);
  }
  if (traits & SYNCHRONOUS) {
    const context = current();
    if (context && !context.action.ended && context.action !== gesture?.action) return;
  }
  if (!gesture?.includes(event, type, traits, timeStamp)) {
    // A key that is still down is the earlier gesture's no longer: its release will be taken for this one's.
    if (gesture) gesture.action.isDown = false;
    gesture = new Gesture(event, type, timeStamp);
  }
  gesture.take(event, type, traits, timeStamp);
  enterEvent(gesture.action.context, event, !(traits & FOLLOWED));
}

/** Starts listening. */
export function followGestures() {
  // Between press and click there is time to look at the control.
  onAction('soon', ({ gesture }) => gesture?.name());
  for (const traits in EVENTS) listen(window, EVENTS[traits], (event) => observe(event, traits));
}
