// Observers whose callbacks run in a task of their own belong to nobody. Those of a MutationObserver run as
// microtasks of the change that they observed, and belong to whoever made it.
import { bindTask } from './register.js';
import { constructor } from './patch.js';

export function followObservers() {
  for (const name of ['IntersectionObserver', 'ResizeObserver', 'PerformanceObserver', 'ReportingObserver']) {
    constructor(window, name, ([callback, ...rest], make) => make([bindTask(callback, null), ...rest]));
  }
}
