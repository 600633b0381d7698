// Gestures: the trusted events of one press of a button or key share one action, named after the control.
//
// Listeners in the capture phase on `window` run before any listener of the application.
import { startAction } from './action.js';
import { afterTurn, current, enterTask } from './register.js';
import { controlOf, nameControl } from './control.js';
import { late } from './late.js';
import { state } from './state.js';

/** Events of one press follow one another within this time, unless the button or key is still down. */
const APART_MILLIS = 1_000;
/** The click on a label is followed at once by one on its field; a later second click is another gesture. */
const SECOND_CLICK_MILLIS = 50;

const PRESS = /^(pointerdown|keydown)$/;
const RELEASE = /^(pointerup|pointercancel|keyup|dragend)$/;
/** These belong to a press or to nobody. */
const MOVE = /move$|^drag|^drop$/;
/** Code may dispatch these as well, in the middle of another action. */
const SYNCHRONOUS = /submit|change|input/;
const EVENTS =
  'pointerdown pointerup pointercancel mousedown mouseup touchstart touchend click dblclick auxclick contextmenu keydown keypress keyup beforeinput input change submit pointermove mousemove touchmove dragstart dragenter dragover drop dragend'.split(
    ' ',
  );
/** The kind of action that an event makes of its gesture. */
const KINDS = { keydown: 'keydown', input: 'change', change: 'change', click: 'click', submit: 'submit' };

let gesture;

class Gesture {
  constructor(event) {
    this.press = event.type;
    this.control = this.pressedOn = controlOf(event);
    this.label = '';
    this.clicked = false;
    this.event = event;
    this.dragged = false;
    const name = () => `${this.action.kind} "${this.label || nameControl(this.control)}"`;
    this.action = startAction(KINDS[event.type] ?? 'click', event.timeStamp, name, event, this.control);
    this.action.begun = event.timeStamp;
    late.begun?.(this.action, this.control, event);
    // Between press and click there is time to look at the control.
    afterTurn(() => this.name());
  }

  /** Whether the event belongs to this press. */
  includes(event) {
    const { type, timeStamp } = event;
    if (PRESS.test(type) || this.action.ended) return false;
    const since = timeStamp - this.action.seen;
    // With nothing held down, what is put into another field is not this press's doing: the browser fills in a form.
    if (/input$/.test(type) && !this.action.isDown && late.isOther?.(this, controlOf(event))) return false;
    if (type === 'click' && this.clicked && since > SECOND_CLICK_MILLIS) return false;
    return this.action.isDown || since <= APART_MILLIS;
  }

  take(event) {
    const { type } = event;
    const { action } = this;
    action.seen = event.timeStamp;
    if (PRESS.test(type)) action.isDown = true;
    // The browser takes the pointer over where it drags for the page.
    if ((RELEASE.test(type) && !(type === 'pointercancel' && this.dragged)) || type === 'click') action.isDown = false;
    // What has caused work keeps the name that it had then.
    if (!action.span && KINDS[type] && !this.dragged) this.#describe(event, KINDS[type]);
    if (/^(pointerup|drop)$/.test(type) && this.dragged) late.step?.(action, controlOf(event), true);
    if (type === 'click' && !this.dragged) {
      this.clicked = true;
      late.clicked?.(action, controlOf(event), event.timeStamp);
    }
  }

  /** Names the control as it is now. */
  name() {
    this.label ||= late.nameOf && nameControl(this.control);
  }

  #describe(event, kind) {
    const { type, timeStamp } = event;
    const control = (type === 'submit' && event.submitter) || controlOf(event);
    const byPointer = this.press === 'pointerdown';
    // Pressing a button takes the focus from a field, which has then changed; the press was not meant for it.
    if (type === 'change' && byPointer && control !== this.pressedOn) return;
    // Sending a form by its button is a click; only Enter in a field is a submission.
    if (type === 'submit' && (byPointer || control === this.pressedOn)) return;
    const { action } = this;
    action.kind = kind;
    if (control !== this.control) {
      this.label = '';
      late.step?.(action, control);
    }
    this.control = action.control = control;
    action.event = event;
    if (type === 'click' || type === 'submit') {
      action.start = timeStamp;
      // The handler may change the page before the name is asked for.
      this.name();
    }
  }
}

function observe(event) {
  if (!state.on || !event.isTrusted) return;
  if (MOVE.test(event.type)) {
    if (!gesture?.action.isDown) return;
    late.moved?.(gesture, event);
  }
  if (SYNCHRONOUS.test(event.type)) {
    const context = current();
    if (context && !context.action.ended && context.action !== gesture?.action) return;
  }
  if (!gesture?.includes(event)) {
    // A key that is still down is the earlier gesture's no longer: its release will be taken for this one's.
    if (gesture) gesture.action.isDown = false;
    gesture = new Gesture(event);
  }
  gesture.take(event);
  enterTask(gesture.action.context);
}

/** Starts listening. Returns what stops it. */
export function followGestures() {
  for (const type of EVENTS) window.addEventListener(type, observe, { capture: true, passive: true });
  return () => {
    for (const type of EVENTS) window.removeEventListener(type, observe, true);
  };
}
