// Names a control from what its author wrote, never from what a user typed or what the page is about.
//
// | of the control              | is a name                                                                     |
// | --------------------------- | ----------------------------------------------------------------------------- |
// | ARIA label, field's label   | always                                                                        |
// | text of a button, tab …     | always, also in a row of a table                                              |
// | label of a choice           | unless it stands in a row: accounts and addresses are chosen like that        |
// | text of a link; title, alt  | unless the link stands in a row, list item or article that is no navigation   |
// | text of anything else       | never; of options neither, since a list may be the user's own                 |
// | test id, name, id, role     | always                                                                        |
//
// Below `data-throughline-mask`, and what the option `mask` selects, only a test id, role or tag is a name. Nothing in
// something editable is a text. The option `allowText` takes texts as names that may be content, masked ones apart.
import { attribute, closest, matches, openActions, options, spans, tagOf, typeOf } from './core.js';
import { descend, find, hostOf, textOf, treeOf } from './dom.js';

export const FIELD = 'input,select,textarea,[contenteditable]:not([contenteditable=false])';
const BUTTON = '[type=button],[type=submit],[type=reset],[type=image]';
const STATIC = 'button,summary,label,[role=button],[role=tab],[role=menuitem],[role=checkbox],[role=radio],[role=switch]';
const LINK = 'a[href],[role=link]';
const CHOICE = '[type=radio],[type=checkbox],[role=radio],[role=checkbox]';
/** What holds one of many things that the page is about; and what has such parts for the way through the site. */
export const ROW = 'tr,li,article,[role=row],[role=listitem]';
const SITE = 'nav,[role=navigation],[role=menu],[role=menubar],[role=tablist]';
export const LONGEST = 48;

const masks = () => '[data-throughline-mask]' + (options.mask && ',' + options.mask);

/** Whether nothing may be read of an element, but for its kind. */
export function isMasked(element) {
  for (let inner = element; inner; inner = hostOf(treeOf(inner))) if (closest(inner, masks())) return true;
  return false;
}

const tidy = (text) => text && text.replace(/\s+/g, ' ').trim();

/**
 * The words in an element that are neither masked nor of a field. With `join` between its texts, and where some are left
 * out, they differ from those without: then the browser's own reading may be another.
 */
function words(element, join = '') {
  let text = '';
  if (!element || isMasked(element) || closest(element, FIELD)) return text;
  const hidden = `${FIELD},script,style,${masks()}`;
  descend(element, (node) => {
    if (typeOf(node) === 3) {
      if (text.length < 4 * LONGEST) text += join + textOf(node);
    } else if (matches(node, '[aria-hidden=true]')) return true;
    else if (matches(node, hidden)) return (text += join && '…'), true;
  });
  return tidy(text);
}

/** The `label` of a field; what of `labels` the page can put nothing over. */
export function labelAt(element) {
  const id = attribute(element, 'id');
  return (id && find(treeOf(element), `label[for="${CSS.escape(id)}"]`)[0]) || closest(element, 'label');
}

/** What a label is for; anything else is for itself. */
function labelled(element) {
  if (tagOf(element) !== 'label') return element;
  const id = attribute(element, 'for');
  return find(id ? treeOf(element) : element, id ? '#' + CSS.escape(id) : FIELD)[0] ?? element;
}

/** Whether a field is neither that of a gesture nor labelled by what was pressed. */
export const isOther = ({ control, pressedOn }, field) => field !== control && field !== pressedOn && labelAt(field) !== pressedOn;

/** The name by which assistive technology knows a control, where that is its author's; else empty. */
export function labelOf(element, join) {
  if (isMasked(element)) return '';
  const own = (name) => attribute(element, name);
  const byId = (id) => words(find(treeOf(element), '#' + CSS.escape(id))[0], join);
  const isField = matches(element, FIELD);
  const isButton = isField && matches(element, BUTTON) && tagOf(element) === 'input';
  const isContent = () => !options.allowText && closest(element, ROW) && !closest(element, SITE);
  // Accounts and addresses are chosen like this.
  const isOneOfMany = matches(labelled(element), CHOICE) && isContent();
  const label = isField && !isOneOfMany && labelAt(element);
  const isText = () => (matches(element, STATIC) && !isOneOfMany) || (options.allowText && !isField) || (matches(element, LINK) && !isContent());
  return tidy(
    tidy(own('aria-labelledby'))?.split(' ').map(byId).join(' ') ||
      own('aria-label') ||
      (isButton
        ? own('value') || own('alt') || own('type')
        : label && (words(label, join) || attribute(label, 'aria-label'))) ||
      (isText() && words(element, join)) ||
      (!isContent() && (own('alt') || own('title'))) ||
      '',
  );
}

/** Everything that is a control, as a selector. */
export const CONTROLS =
  'button,a[href],input,select,textarea,summary,label,option,[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch],[contenteditable],[data-testid],[onclick]';

/** What to call the control in a span's name; redacted further on. */
export function nameOf(target) {
  // Before this was there, js/control.js knew few controls.
  const element = closest(target, CONTROLS) ?? target;
  const text =
    labelOf(element) || tidy(['data-testid', ...(isMasked(element) ? [] : ['name', 'id']), 'role'].reduce((name, key) => name || attribute(element, key), '')) || tagOf(element);
  return text.length > LONGEST ? text.slice(0, LONGEST - 1) + '…' : text;
}

/** Names the actions that began before this was there. */
export function nameEarlier() {
  for (const { event, name, span } of openActions()) if (event && span) spans.rename(span, name());
}
