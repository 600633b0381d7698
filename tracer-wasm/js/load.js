// The document's load: the first action of every page.
import { endAction, startAction } from './action.js';
import { now } from './clock.js';
import { parentOf } from './action.js';

/** Starts the load action; it stays open until the load event is over. */
export function followLoad() {
  const action = startAction('load', 0, () => `load ${location.pathname}`);
  parentOf(action.context);
  if (document.readyState === 'complete') {
    endAction(action, performance.getEntriesByType('navigation')[0]?.loadEventEnd || now());
    return;
  }
  action.open++;
  window.addEventListener(
    'load',
    () => {
      // The listeners of the application run after this one.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        action.open--;
        action.last = Math.max(action.last, now());
      };
      port2.postMessage(0);
    },
    { once: true, capture: true },
  );
}
