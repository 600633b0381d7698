// Asks for late/, from beside the tracer's script: when the browser is first idle, or when the user does something,
// whichever is first. (`import()` is what policies allow: it has the script's own nonce, and Trusted Types do not refuse it.)
import { core } from './core.js';
import { onAction } from './action.js';
import { scriptUrl } from './options.js';
import { late } from './late.js';
import { instantiate } from './spans.js';
import { state } from './state.js';

/** A busy page does not put it off for longer. */
const LONGEST_MILLIS = 2_000;

let asked;

/**
 * Settles when late/ runs, or did not come. Its server may be away for a while: it is asked for again after one second, four,
 * sixteen and so on, each time under an address of its own, since browsers keep in mind where there was no module.
 */
export async function loadLate(again = '') {
  // To ask for a module takes milliseconds, which the page may have first, and so may the handlers of what the user does.
  await new Promise((resolve) => {
    requestIdleCallback(resolve, { timeout: LONGEST_MILLIS });
    onAction('start', ({ event }) => (asked ||= event && setTimeout(resolve)));
  });
  instantiate();
  try {
    const { default: start } = await import(new URL(THROUGHLINE_LATE + again, scriptUrl()));
    if (state.on) start(core);
  } catch {
    if (!late.nameOf) setTimeout(loadLate, 1_000 * 4 ** again.length, again + '?');
  }
}
