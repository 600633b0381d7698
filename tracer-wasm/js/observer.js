// Observers. What one observes belongs to nobody, except for the first look that it takes at a target: that belongs to
// whoever has just asked for it. A callback that tells of more than the first looks of one context belongs to nobody.
//
// Those of a MutationObserver run as microtasks of the change that they observed, and belong to whoever made it.
import { bindTask, current, enterTask } from './register.js';
import { constructor, method } from './patch.js';

export function followObservers() {
  for (const name of ['PerformanceObserver', 'ReportingObserver']) {
    constructor(window, name, (args, make) => make(args.length ? [bindTask(args[0], null), ...args.slice(1)] : args));
  }
  for (const name of ['IntersectionObserver', 'ResizeObserver']) {
    /** Observer → target → the context in which it was asked to look at it for the first time. */
    const asked = new WeakMap();
    constructor(window, name, (args, make) => {
      const [callback, ...rest] = args;
      if (typeof callback !== 'function') return make(args);
      const targets = new WeakMap();
      const observer = make([
        function (entries) {
          const [context, ...others] = entries.map(({ target }) => {
            const asker = targets.get(target);
            targets.delete(target);
            return asker;
          });
          enterTask((others.every((other) => other === context) && context) || null);
          return callback.apply(this, arguments);
        },
        ...rest,
      ]);
      asked.set(observer, targets);
      return observer;
    });
    method(window[name]?.prototype, 'observe', (original, self, args) => {
      asked.get(self)?.set(args[0], current());
      return original.apply(self, args);
    });
  }
}
