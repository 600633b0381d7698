// Drags: a pointer that was pressed and has moved makes another kind of action of its gesture (js/gesture.js).
import { nameControl } from './core.js';

/** One that has moved further drags. */
const DRAG_PIXELS = 10;

/** The pointer moves while it is pressed. */
export function moved(gesture, { type, clientX, clientY }) {
  const { action, dragged, event, pressedOn } = gesture;
  if (dragged) return;
  gesture.dragged = type === 'dragstart' || Math.hypot(clientX - event.clientX, clientY - event.clientY) > DRAG_PIXELS;
  if (!gesture.dragged || action.span) return;
  action.kind = 'drag';
  gesture.label = nameControl(pressedOn);
}
