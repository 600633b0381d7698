// What a gesture begins with: the key that was pressed, and the step log's look at its control.
import { matches, note, openActions, options, spans } from './core.js';
import { FIELD } from './control.js';
import { step } from './steps.js';

/** The key that was pressed, where it is a command and not a character that somebody types. */
function commandOf({ key, ctrlKey, altKey, metaKey }, control) {
  const isCommand = control && matches(control, FIELD)
    ? /^(Enter|Escape)$/.test(key)
    : key?.length > 1 || ctrlKey || altKey || metaKey;
  return isCommand ? (ctrlKey ? 'Ctrl+' : '') + (altKey ? 'Alt+' : '') + (metaKey ? 'Meta+' : '') + key : '';
}

function noteKey(gesture, event) {
  const { action, press } = gesture;
  if (press === 'keydown' && (action.key = commandOf(event, gesture.control))) note(action, (root) => spans.set(root, 'throughline.key', action.key));
}

/** A gesture has begun. What is not needed is not asked for: the page waits. */
export function begun(gesture, event) {
  noteKey(gesture, event);
  if (options.steps !== 'off') step(gesture.action, gesture.control);
}

/** Notes the keys of the actions that began before this was there. */
export function noteEarlierKeys() {
  for (const { gesture } of openActions()) if (gesture) noteKey(gesture, gesture.event);
}
