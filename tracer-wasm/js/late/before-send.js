// The option `beforeSend`: the page sees each span, span event and log record before it is queued.
//
// While the option is set, what is said of a record is kept back until the record ends; the hook then sees it, and what it
// leaves is said. What it says false or null to is dropped, and counted. So is a record on which it fails: it is there
// to keep something from being sent.
import { options, spans } from './core.js';

const SIGNALS = ['span', 'log', 'event'];
/** Operations of `src/exports.rs`: 0 to 2 open a record, 6 to 11 add an attribute. */
const FAIL = 13;
const END = 14;
const DROP = 15;
const RENAME = 26;

const open = new Map();
const { warn } = console;
let failed;

/** Takes an operation with its arguments, of which `pass` is what makes it happen, and may have `opened` a record already. */
export function review(pass, [operation, handle, number, ...texts], opened) {
  const go = (...rest) => pass(operation, handle, number, ...rest);
  if (operation < 3) {
    // A span has no body, but a `traceparent` of its own before its name.
    const [parent, second, third] = texts;
    const [name, body] = operation ? [second, third] : [third];
    opened ||= go(parent, second, operation ? '' : third);
    open.set(opened, { signal: operation, name, said: body ? [['body', FAIL, 0, ['body', body]]] : [] });
    return opened;
  }
  const record = open.get(handle);
  if (!record) return go(...texts);
  if (operation === FAIL) texts.unshift('status.message');
  if (operation === RENAME) record.name = texts[0];
  else if (operation > 5 && operation < END && operation !== 12) record.said.push([texts[0], operation, number, texts]);
  else {
    if (operation === DROP || operation === END) open.delete(handle);
    if (operation === END && !tell(pass, handle, record)) {
      spans.dropped(record.signal, 'before_send', 1);
      return pass(DROP, handle);
    }
    return go(...texts);
  }
  return 0;
}

const valueOf = ([, operation, number, texts]) =>
  operation === 8 ? number : operation === 9 ? number > 0 : operation === 10 ? texts.slice(1, -1) : texts.slice(1).join('');

/** Says of a record what the hook leaves of it. Returns whether it is to be sent. */
function tell(pass, handle, { signal, name, said }) {
  const attributes = Object.fromEntries(said.map((one) => [one[0], valueOf(one)]));
  const given = { signal: SIGNALS[signal], name, attributes: { ...attributes } };
  let left;
  try {
    left = options.beforeSend(given);
    if (left === undefined) left = given;
    if (!left) return false;
    for (const key of Object.keys(left.attributes ?? {})) {
      const value = left.attributes[key];
      const same = value === attributes[key] || String(value) === String(attributes[key]);
      const [, operation, number, texts] = (same && said.filter((one) => one[0] === key).pop()) || [0, ...anew(key, value)];
      pass(operation, handle, number, ...(operation === FAIL ? texts.slice(1) : texts));
    }
    // An address has added its route to the name by now.
    if (left.name !== name) pass(RENAME, handle, 0, left.name);
    return true;
  } catch (error) {
    failed ||= !warn('[throughline] beforeSend has failed, and what it saw is not sent:', error);
    return false;
  }
}

/** The operation that adds an attribute which the hook has changed or made. */
const anew = (key, value) =>
  key === 'status.message' || key === 'body'
    ? [FAIL, 0, [key, value]]
    : typeof value === 'number'
      ? [8, value, [key]]
      : typeof value === 'boolean'
        ? [9, +value, [key]]
        : Array.isArray(value)
          ? [10, 0, [key, ...value, '']]
          : [6, 0, [key, value]];
