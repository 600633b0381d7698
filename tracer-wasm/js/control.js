// Which control an event is about. late/control.js names it.
import { above, attribute, closest, pathOf, tagOf, typeOf } from './dom.js';
import { late } from './late.js';

const CONTROL =
  'button,a[href],input,select,textarea,summary,label,option,[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch],[contenteditable],[data-testid],[onclick]';

/** The element that an event is about: the control around its innermost target. */
export function controlOf(event) {
  const target = pathOf(event)[0];
  const element = target instanceof Node && (typeOf(target) === 1 ? target : above(target));
  return element ? (closest(element, CONTROL) ?? element) : undefined;
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
