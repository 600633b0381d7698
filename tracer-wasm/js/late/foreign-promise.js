// Promises that are not the language's own, above all zone.js's, which may be loaded at any time and takes the global's place.
//
// An async function awaits such a promise by calling its `then`, in a job of its own. The library may call several reactions
// in one microtask, in the middle of other code: each runs in the context of its call of `then`, and a microtask goes before
// what it makes go on. What comes behind that in the same turn is only likely to belong there.
import { current, enter, method, onAction, runIn, soon } from './core.js';

const { constructor: Native } = Object.getPrototypeOf((async () => {})());

const bind = (callback, context) =>
  typeof callback !== 'function'
    ? callback
    : function () {
        soon(() => {
          enter(context);
          soon(() => enter(context && context.doubted()));
        });
        return runIn(context, () => callback.apply(this, arguments));
      };

/** The global that is followed. */
let known = Native;

function look() {
  const { Promise } = window;
  if (Promise === known) return;
  known = Promise;
  method(Promise?.prototype, 'then', (original, self, args) => {
    const { 0: fulfilled, 1: rejected } = args;
    const context = current();
    return original.call(self, bind(fulfilled, context), bind(rejected, context));
  });
}

export function followForeignPromises() {
  look();
  onAction('start', look);
}
