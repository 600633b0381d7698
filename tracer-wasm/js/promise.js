// Promises and native await.
//
// `await p` reads `p.constructor` just before it registers its own reaction (ECMA-262, PromiseResolve step 1.a).
// The accessor registers in that read a native reaction which puts the register back; it runs immediately
// before the continuation. `then` captures at the call. Both leave alone what runs without a context as long
// as no action is open.
import { bindReaction } from './reaction.js';
import { openActions } from './action.js';
import { current, enter } from './register.js';
import { method, redefine } from './patch.js';
import { state } from './state.js';

const { prototype } = Promise;
const nativeThen = prototype.then;

/**
 * Promises that were made rejected. The reaction that an await would be seen by hides that nobody handles the
 * rejection, if `constructor` was read by hand. These are left alone: an await of a settled promise goes on in the
 * turn that it was made in, and finds the register as it was.
 */
const refused = new WeakSet();

/** The promise whose `constructor` a native function is about to read, which is no await. */
let guarded;

const leave = () => enter(null);

/** Registers reactions natively: they are neither bound to a context nor seen as an await. */
export function react(promise, fulfilled, rejected) {
  const before = guarded;
  guarded = promise;
  try {
    return nativeThen.call(promise, fulfilled, rejected);
  } finally {
    guarded = before;
  }
}

/**
 * A promise that settles as `promise` does, after `context` was entered and `fulfilled` or `rejected` has looked at
 * the outcome.
 */
export function watch(promise, context, fulfilled, rejected) {
  const look = (callback) => (outcome) => {
    enter(context);
    callback(outcome);
  };
  react(promise, look(fulfilled), look(rejected));
  return react(promise);
}

function awaited(promise) {
  const context = current();
  if (context) {
    if (context.action.ended) {
      react(promise, () => enter(context), () => enter(context));
    } else {
      context.action.awaits++;
      context.action.awaited++;
      react(promise, context.resume, context.resume);
    }
  } else if (openActions().size) {
    react(promise, leave, leave);
  }
}

export function followPromises() {
  const Native = Promise;
  redefine(prototype, 'constructor', () => ({
    get() {
      if (state.on && guarded !== this && this !== prototype && !refused.has(this)) {
        try {
          awaited(this);
        } catch {
          // Not a promise, only an heir of the prototype.
        }
      }
      return Native;
    },
    set(value) {
      Object.defineProperty(this, 'constructor', { value, writable: true, enumerable: true, configurable: true });
    },
  }));

  method(prototype, 'then', (original) => ({
    replacement(fulfilled, rejected) {
      if (!state.on) return original.call(this, fulfilled, rejected);
      const context = current();
      const before = guarded;
      guarded = this;
      try {
        return context || openActions().size
          ? original.call(this, bindReaction(fulfilled, context), bindReaction(rejected, context))
          : original.call(this, fulfilled, rejected);
      } finally {
        guarded = before;
      }
    },
  }));

  method(Native, 'reject', (original) => ({
    replacement(_reason) {
      const promise = original.apply(this, arguments);
      refused.add(promise);
      return promise;
    },
  }));

  method(Native, 'resolve', (original) => ({
    replacement(value) {
      const before = guarded;
      guarded = value;
      try {
        return original.apply(this, arguments);
      } finally {
        guarded = before;
      }
    },
  }));
}
