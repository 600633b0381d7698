// Which control an event is about. late/control.js names it.
import { above, attribute, closest, pathOf, tagOf, typeOf } from './dom.js';
import { late } from './late.js';

/** The controls that are known from the start; late/ knows all. */
const CONTROL = 'button,a,[data-testid]';

/** The control around what an event is meant for, be it in a shadow tree. Asked while the event is dispatched. */
export const controlOf = (event) => controlAround(pathOf(event)[0]);

/** The control around the target of an event. */
export function controlAround(target) {
  const element = target instanceof Node && (typeOf(target) === 1 ? target : above(target));
  return element ? (closest(element, late.pressable || CONTROL) ?? element) : undefined;
}

/** What to call the control in a span's name, redacted further on; until late/ is there, what nobody could take for content. */
export function nameControl(element) {
  try {
    return late.nameOf ? late.nameOf(element) : attribute(element, 'data-testid') || tagOf(element);
  } catch {
    // No element, or one that does not want to be read.
    return 'page';
  }
}
