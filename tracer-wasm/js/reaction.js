// Binds what runs as a microtask to a context.
import { enter } from './register.js';

/** A reaction that first puts `context` back; what is not a function passes through. */
export function bindReaction(callback, context) {
  return typeof callback !== 'function'
    ? callback
    : function () {
        enter(context);
        return callback.apply(this, arguments);
      };
}
