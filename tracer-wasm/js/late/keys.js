// What a gesture begins with: the key that was pressed, and the step log's look at its control.
import { matches, note, spans } from './core.js';
import { FIELD } from './control.js';
import { step } from './steps.js';

/** The key that was pressed, where it is a command and not a character that somebody types. */
function commandOf({ type, key, ctrlKey, altKey, metaKey }, control) {
  const isCommand = control && matches(control, FIELD)
    ? /^(Enter|Escape)$/.test(key)
    : key?.length > 1 || ctrlKey || altKey || metaKey;
  return type === 'keydown' && isCommand ? (ctrlKey ? 'Ctrl+' : '') + (altKey ? 'Alt+' : '') + (metaKey ? 'Meta+' : '') + key : '';
}

/** A gesture has begun. */
export function begun(action, control, event) {
  action.key = commandOf(event, control);
  if (action.key) note(action, (root) => spans.set(root, 'throughline.key', action.key));
  step(action, control);
}
