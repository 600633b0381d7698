// Asks for late/, from beside the tracer's script. (`import()` is what policies allow: it has the script's own nonce, and
// Trusted Types do not refuse it.)
import * as core from './core.js';
import { scriptUrl } from './options.js';
import { state } from './state.js';

/** Settles when late/ runs, or will not come. */
export async function loadLate() {
  try {
    const { default: start } = await import(new URL(THROUGHLINE_LATE, scriptUrl));
    if (state.on) start(core);
  } catch {
    // See late.js.
  }
}
