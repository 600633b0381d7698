// `console.error` as `browser.console` events. Of its arguments only plain values and errors are read: no getter of
// the page's objects runs.
import { crowded } from './limit.js';
import { describe } from './errors.js';
import { emit } from './logs.js';
import { method } from './patch.js';
import { prefixed } from './timeline.js';

function report(args) {
  const all = args.map(describe);
  const body = all.map(({ type, message, stacktrace }) => (stacktrace ? `${type}: ${message}` : message || `[${type}]`)).join(' ');
  const thrown = all.find(({ stacktrace }) => stacktrace) ?? {};
  if (!crowded(1, body)) emit('browser.console', 17, { 'browser.console.method': 'error', ...prefixed('exception.', thrown) }, { body });
}

export function followConsole() {
  method(console, 'error', (original, self, args) => {
    try {
      report([...args]);
    } catch {
      // The page hears of no error but its own.
    }
    return original.apply(self, args);
  });
}
