// The document's load: the first action of every page, `load /path`. late/load.js says what the browser knows of it, so
// it stays open until that is there.
//
// A tag that is run late (`async`, or written by another script) finds what was before in the browser's performance
// timeline. What is made from that is marked `throughline.late`.
import { endAction, hold, onAction, rootOf, startAction } from './action.js';
import { late } from './late.js';
import { now } from './clock.js';

/** Starts the load action; it stays open until the load event is over. `arrived` settles when late/ is there, or will not come. */
export function followLoad(arrived) {
  const tagWasLate = document.readyState !== 'loading';
  const action = startAction('load', 0, () => `load ${location.pathname}`);
  onAction('end', (ended) => {
    if (ended !== action) return;
    rootOf(action);
    late.loaded?.(action, tagWasLate);
  });
  // To wait for the tracer's own is no work of the page.
  const release = hold(action.context);
  arrived.then(() => release(0));
  if (document.readyState === 'complete') {
    const time = now();
    arrived.then(() => endAction(action, performance.getEntriesByType('navigation')[0]?.loadEventEnd || time));
    return;
  }
  const loaded = hold(action.context);
  // The listeners of the application run after this one, and belong to the load.
  window.addEventListener('load', () => setTimeout(() => loaded()), { once: true, capture: true });
}
