// The step log: what it takes to do an action again, on its root span as `throughline.step.*`. What caused nothing has no
// root, but has to be done again as well: it is an event of the next root.
//
// An element is looked at before the page's own handlers can change anything. Every selector was unique then, in the
// whole page or in the row that it names; one that cannot be proven so in good time is left out. No value is here,
// only what to call it. Guide: docs/guides/step-log.md.
import { above, attribute, closest, epoch, matches, onAction, options, prefixed, spans, tagOf } from './core.js';
import { attached, before, find, hostOf, tagged, textOf, treeOf } from './dom.js';
import { FIELD, labelAt, labelOf, LONGEST, ROW } from './control.js';
import { routeOf } from './navigation.js';

/** More candidates, siblings or characters are not looked at. */
const MOST_CANDIDATES = 200;
const MOST_SIBLINGS = 500;
const LONGEST_ID = 100;

/** Tag → the role that it has without saying so, and for inputs that of their type. */
const ROLES = { button: 'button', select: 'combobox', textarea: 'textbox' };
const TYPES = { text: 'textbox', email: 'textbox', tel: 'textbox', url: 'textbox', search: 'searchbox', number: 'spinbutton', range: 'slider', checkbox: 'checkbox', radio: 'radio', button: 'button', submit: 'button', reset: 'button', image: 'button' };
/** Role → the other tags that may have it. One after the other they are found faster than by one selector. */
const TAGS = { link: ['a', 'area'], button: ['button', 'input', 'summary'], combobox: ['select'], textbox: ['textarea', 'input'] };
/** What may give an element its name, beside texts. */
const NAMING = ['aria-label', 'title', 'value', 'alt', 'placeholder'];
/** Fields that are pressed and have nothing entered. */
const PRESSED = '[type=radio],[type=checkbox],[type=button],[type=submit],[type=reset],[type=image]';
const SECRET = '[type=password],[autocomplete^=cc-],[autocomplete$=password],[autocomplete=one-time-code]';

const { escape } = CSS;

const idOf = (element, name) => {
  const id = attribute(element, name);
  return id?.length < LONGEST_ID ? id : '';
};
const flat = (text) => (text || '').replace(/\s+/g, ' ');
const isAlone = (scope, selector) => find(scope, selector).length === 1;

function roleOf(element) {
  const tag = tagOf(element);
  const said = attribute(element, 'role');
  if (said) return said;
  if (tag === 'a') return attribute(element, 'href') && 'link';
  return tag === 'input' ? TYPES[attribute(element, 'type') ?? 'text'] : ROLES[tag];
}

/** Whether no other candidate may have this name; where in doubt, one may. */
function isOnly(scope, element, role, name) {
  const has = (text) => flat(text).includes(name);
  const isOther = (one) => {
    if (one === element) return true;
    const label = /^[ist]/.test(tagOf(one)) && labelAt(one);
    return !(attribute(one, 'aria-labelledby') || has(textOf(one)) || (label && has(textOf(label))) || NAMING.some((key) => has(attribute(one, key))));
  };
  const areOthers = (candidates) => !candidates[MOST_CANDIDATES] && [...candidates].every(isOther);
  return (TAGS[role] ?? ['input']).every((tag) => areOthers(tagged(scope, tag))) && areOthers(find(scope, `[role="${escape(role)}"]`));
}

/** The best name of an element that is unique in a document, shadow root or row, if there is one. */
function namesIn(scope, element) {
  const id = idOf(element, 'data-testid');
  if (id && isAlone(scope, `[data-testid="${escape(id)}"]`)) return [`testid=${id}`];
  const name = labelOf(element);
  const role = roleOf(element);
  if (!name || name.length > LONGEST || name !== labelOf(element, ' ')) return [];
  if (role) return isOnly(scope, element, role, name) ? [`role=${role}[name=${JSON.stringify(name)}]`] : [];
  return flat(textOf(tagged(scope, '*')[0])).split(name).length === 2 ? [`text=${name}`] : [];
}

/** The way to an element child by child, from the next unique id or from the root; empty where that is too far. */
function cssOf(element) {
  const root = treeOf(element);
  let path = '';
  for (let at = element; at; at = above(at)) {
    const id = idOf(at, 'id');
    // Ids with many digits are a program's, and others the next time.
    if (id && !/\d{3}|:/.test(id) && isAlone(root, '#' + escape(id))) {
      path = `#${escape(id)}>${path}`;
      break;
    }
    const tag = tagOf(at);
    let index = 1;
    for (let other = at; (other = before(other)); ) if (tagOf(other) === tag && ++index > MOST_SIBLINGS) return '';
    path = `${escape(tag)}:nth-of-type(${index})>${path}`;
  }
  path = 'css=' + path.slice(0, -1);
  const host = hostOf(root);
  if (!host) return path;
  const outer = cssOf(host);
  // What begins at a shadow root may be found deeper in it as well.
  return outer && isAlone(root, path.slice(4)) ? `${outer} >> ${path}` : '';
}

/** What is unique of an element, best first, and of the row in which it stands. */
function describe(element) {
  const root = treeOf(element);
  const host = hostOf(root);
  const outer = host ? cssOf(host) : '';
  const within = (scope) => (name) => (scope ? `${scope} >> ${name}` : name);
  const known = (one, scope, place) => (host && !outer ? [] : namesIn(scope, one).map(within(place)));
  const selectors = known(element, root, outer);
  const around = closest(above(element) ?? element, ROW);
  let row;
  if (around) {
    row = [...known(around, root, outer), cssOf(around)].filter(Boolean);
    if (!selectors[0] && row[0]) selectors.push(...known(element, around, row[0]));
  }
  return { selectors: [...selectors, cssOf(element)].filter(Boolean), row };
}

/** What stands for the value of a field: whose it is, and whether a replay must be given it as a secret. */
function valueOf(element) {
  if (!matches(element, FIELD) || matches(element, PRESSED)) return undefined;
  const secret = attribute(element, 'data-throughline-secret') || (matches(element, SECRET) && 'secret');
  const name = ['name', 'id', 'data-testid', 'type'].map((key) => idOf(element, key)).find(Boolean) || tagOf(element);
  return secret ? `{{secret:${secret === 'secret' ? name : secret}}}` : `{{input:${name}}}`;
}

/** Notes what a gesture is about, before the page's handlers run; or on what its drag has `ended`. */
export function step(action, element, ended) {
  if (options.steps === 'off') return;
  try {
    const selectors = element && attached(element) ? describe(element) : {};
    if (ended) action.step.target = selectors.selectors;
    else action.step = { ...selectors, value: element && valueOf(element), route: routeOf(location), viewport: `${innerWidth}x${innerHeight}`, color_scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' };
  } catch {
    // What the element says of itself is not to be relied on: the page, or somebody who wants it to, makes it so.
  }
}

/** So many steps without an effect are kept: the newest. */
const MOST_QUIET = 50;

/** The steps that caused nothing since the last root, oldest first. */
let quiet = [];

/** What a step says of its element. */
const described = ({ kind, step }) => ({
  selectors: step.selectors,
  row: step.row,
  value: kind === 'click' ? undefined : step.value,
  target: step.target,
  viewport: step.viewport,
  color_scheme: step.color_scheme,
});

/** Keeps a step for the next root. Of what is typed into a field only the last is kept, of keys only commands. */
function keep(action) {
  const { kind, key, step } = action;
  if (!step.selectors?.[0] || (kind === 'keydown' && !key)) return;
  const last = quiet.at(-1);
  if (kind === 'change' && last?.kind === kind && last.step.selectors[0] === step.selectors[0]) quiet.pop();
  quiet = [...quiet.slice(1 - MOST_QUIET), { kind, key, step, start: action.start }];
}

/** Has the step of every action written on its root; of one that caused nothing on the next root, as an event. */
export function followSteps() {
  onAction('end', (action) => {
    const { span, step } = action;
    if (!span) {
      if (step) keep(action);
      return;
    }
    for (const earlier of quiet) {
      const attributes = { 'throughline.action': earlier.kind, 'throughline.key': earlier.key };
      Object.assign(attributes, prefixed('throughline.step.', described(earlier)));
      spans.event(span, 'throughline.step', epoch(earlier.start), attributes);
    }
    quiet = [];
    if (!step) return;
    spans.put(span, prefixed('throughline.step.', described(action)));
    spans.route(span, 'throughline.step.route', step.route);
  });
}
