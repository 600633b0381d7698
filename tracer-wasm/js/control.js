// Names a control from what its author wrote: ARIA, a label, a static text, a test id. Never from what a user typed.

const CONTROL =
  'button,a[href],input,select,textarea,summary,label,option,[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch],[contenteditable],[data-testid],[onclick]';
const LONGEST = 48;

/** The element that an event is about: the control around its innermost target. */
export function controlOf(event) {
  const target = event.composedPath()[0];
  const element = target?.nodeType === 1 ? target : target?.parentElement;
  return element?.closest(CONTROL) ?? element;
}

const attribute = (element, name) => element.getAttribute(name);
const textById = (id) => document.getElementById(id)?.textContent;

function label(element) {
  const described = attribute(element, 'aria-labelledby');
  const tag = element.localName;
  const isField = /^(input|select|textarea)$/.test(tag) || element.isContentEditable;
  const isButton = tag === 'input' && /^(button|submit|reset|image)$/.test(element.type);
  return (
    attribute(element, 'aria-label') ||
    (described && described.split(/\s+/).map(textById).join(' ')) ||
    (isButton && (element.value || attribute(element, 'alt') || element.type)) ||
    (isField && !isButton && labelText(element.labels?.[0])) ||
    (!isField && /^(button|a|summary|label|option)$/.test(tag) && element.textContent) ||
    (!isField && attribute(element, 'role') && element.textContent) ||
    attribute(element, 'alt') ||
    attribute(element, 'title') ||
    attribute(element, 'data-testid') ||
    attribute(element, 'name') ||
    attribute(element, 'id') ||
    attribute(element, 'role') ||
    tag
  );
}

/** A label's own words, without those of the field in it. */
function labelText(element) {
  let text = '';
  if (element) for (const node of element.childNodes) if (node.nodeType === 3) text += node.data;
  return text.trim() || (element && attribute(element, 'aria-label')) || (element?.querySelector('input,select,textarea') ? '' : element?.textContent);
}

/** What to call the control in a span's name; redacted and shortened further on. */
export function nameControl(element) {
  if (!element?.getAttribute) return 'page';
  const text = String(label(element)).replace(/\s+/g, ' ').trim();
  return text.length > LONGEST ? text.slice(0, LONGEST - 1) + '…' : text || element.localName;
}
