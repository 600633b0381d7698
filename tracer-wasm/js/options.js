// What the page configured: attributes of the script tag, then `throughline.init({...})`.
//
// `options.json` says what each option means; the guides and types are made from it, and a test compares the names
// and values below with it. A wrong value is said once on the console and left out; all others are taken.
import { consent } from './consent.js';
import { STANDARD, originPattern } from './propagation.js';
import { genuine } from './native.js';
import { resolve } from './address.js';

// The tag that the page has, where bootstrap.js runs the program from another one.
const tag = genuine(document, 'currentScript');
const script = tag?.throughline ?? tag;
const { warn } = console;

/** Where the script came from; one that was written into the page says it by its endpoint. */
export const scriptUrl = () => script?.src || new URL(script?.dataset.endpoint ?? '', location).href.replace(/\/*$/, '/');

/** The options in force. */
export const options = {
  __proto__: null,
  service: location.hostname || 'web',
  version: '',
  environment: '',
  endpoint: script?.src ? new URL(script.src).origin : location.origin,
  headers: {},
  /** Origins that get trace headers beside the page's own, as patterns. */
  propagate: [],
  propagators: STANDARD,
  baggage: {},
  sampling: 'tail',
  ratio: 1,
  consent: 'granted',
  respect: [],
  routes: [],
  beforeSend: undefined,
  profile: 'off',
  steps: 'on',
  allowText: false,
  mask: '',
  replay: 'off',
};

// Each of these returns what the value means; what they return undefined for, or throw at, is wrong.
const listed = (value) => (Array.isArray(value) ? value : value.split(',')).map((part) => String(part).trim()).filter(Boolean);
const oneOf = (choices) => (value) => (choices.split(' ').includes(value) ? value : undefined);
const onOff = oneOf('off on');
const listOf = (parse) => (value, name) => {
  const given = listed(value);
  const taken = given.map((part) => read(parse, part, name)).filter(Boolean);
  // Of a list with nothing right in it, what was in force before is the better guess.
  return taken[0] || !given[0] ? taken : options[name];
};
const pairs = (value) =>
  typeof value === 'object'
    ? { ...value }
    : Object.fromEntries(
        listed(value).map((pair) => {
          const [, key, text] = /^(.+?)\s*=\s*(.*)$/.exec(pair);
          return [key, decodeURIComponent(text)];
        }),
      );

const TYPES = {
  endpoint: (value) => resolve(value).href.replace(/\/+$/, ''),
  headers: pairs,
  propagate: listOf(originPattern),
  propagators: listOf(oneOf('tracecontext baggage b3 b3multi jaeger ottrace xcloud xray')),
  baggage: pairs,
  sampling: oneOf('tail head'),
  ratio: (value) => (value >= 0 && value <= 1 ? +value : undefined),
  consent: oneOf('granted required'),
  respect: listOf(oneOf('dnt gpc')),
  routes: listOf(String),
  beforeSend: (value) => (typeof value === 'function' ? value : undefined),
  profile: onOff,
  steps: onOff,
  allowText: (value) => ({ '': true, true: true, false: false })[value],
  mask: (value) => (document.querySelector(value), value),
  replay: oneOf('error off always'),
};

const complain = (...what) => warn('[throughline] not understood and left out:', ...what);

function read(parse, value, name) {
  let parsed;
  try {
    parsed = parse(value, name);
  } catch {
    // As if it had returned undefined.
  }
  if (parsed === undefined) complain(name, value);
  return parsed;
}

/** Takes options over. What is absent stays, and so does what is empty, as a template leaves it: but for a flag. */
export function configure(changes) {
  for (const name in options) {
    const value = changes[name];
    if (value == null || (value === '' && name !== 'allowText')) continue;
    const parsed = read(TYPES[name] || String, value, name);
    if (parsed !== undefined) options[name] = parsed;
  }
}

/** Takes over what `throughline.init` got. Unlike the tag, on which others may write, it has no further names. */
export function initialise(changes = {}) {
  // Without what a page has given to all objects (`Object.prototype.headers`).
  changes = { __proto__: null, ...changes };
  for (const name in changes) if (!(name in options)) complain(name);
  configure(changes);
}

const { origin: ours } = self;

/**
 * Whether a request to this address carries trace headers, as the visitor allows. A sandboxed frame has no origin, not even
 * that of its address.
 */
export const propagatesTo = ({ origin }) => consent() && (origin === ours || options.propagate.some((pattern) => pattern.test(origin)));

// Each look at a data set is a call into the browser.
configure({ __proto__: null, ...script?.dataset });
