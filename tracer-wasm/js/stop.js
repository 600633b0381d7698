// Stops the tracer: gives the browser's functions back and stops listening.
import { restoreAll } from './patch.js';
import { state } from './state.js';

const stops = [];

/** Has `stop` called when the tracer stops. */
export const onStop = (...stop) => stops.push(...stop);

/** Stops the tracer for good; a patch that another library has wrapped only passes calls through from now on. */
export function stop() {
  state.on = false;
  restoreAll();
  while (stops.length) stops.pop()();
}
