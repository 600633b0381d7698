// Promises and native await.
//
// `await p` reads `p.constructor` just before it registers its own reaction (ECMA-262, PromiseResolve step 1.a).
// The accessor registers in that read a native reaction which puts the register back; it runs immediately
// before the continuation. `then` does the same before it registers the page's callbacks. Both leave alone what runs
// without a context as long as no action is open.
import { openActions } from './action.js';
import { bindReaction, current, enter, settle, soon } from './register.js';
import { Native, nativeThen } from './native-promise.js';
import { defineProperty, getPrototypeOf } from './native.js';
import { method, redefine } from './patch.js';
import { state } from './state.js';

const { isPrototypeOf } = Object.prototype;

const { prototype } = Native;

/**
 * Promises that were made rejected, with the contexts that did. The reaction that an await would be seen by hides that
 * nobody handles the rejection, if `constructor` was read by hand. These are left alone: an await of a settled promise
 * goes on in the turn that it was made in, and finds the register as it was.
 */
export const refused = new WeakMap();

/** The promise whose `constructor` a native function is about to read, which is no await. */
let guarded;

const settled = () => settle(null, settled);

/** Clears the register when a promise that was awaited without a context settles. */
function leave() {
  enter(null);
  soon(settled);
}

/** Whether it is a promise, be it the language's own where the global is another. */
export const isPromise = (value) => value instanceof Promise || value instanceof Native;

/** Registers reactions natively: they are neither bound to a context nor seen as an await. */
export function react(promise, fulfilled, rejected) {
  const before = guarded;
  guarded = promise;
  try {
    const then = isPrototypeOf.call(prototype, promise) ? nativeThen : promise.then;
    return then.call(promise, fulfilled, rejected);
  } finally {
    guarded = before;
  }
}

/**
 * A promise that settles as `promise` does, after `context` was entered and `fulfilled` or `rejected` has looked at
 * the outcome.
 */
export function watch(promise, context, fulfilled, rejected) {
  react(promise, bindReaction(fulfilled, context), bindReaction(rejected, context));
  return react(promise);
}

/** Has the register put back before whatever reaction is registered on the promise next. */
function awaited(promise) {
  const context = current();
  if (!context && !openActions().size) return;
  const reaction = context ? context.resume : leave;
  try {
    react(promise, reaction, reaction);
  } catch {
    // Not a promise, only an heir of the prototype.
    return;
  }
  if (context) {
    context.action.awaits++;
    context.action.awaited++;
  }
}

export function followPromises() {
  redefine(prototype, 'constructor', () => ({
    get() {
      if (state.on && guarded !== this && !refused.has(this)) awaited(this);
      return Native;
    },
    set(value) {
      defineProperty(this, 'constructor', { value, writable: true, enumerable: true, configurable: true });
    },
  }));

  const followed = (original, self, args) => {
    let { 0: fulfilled, 1: rejected } = args;
    const before = guarded;
    try {
      if (getPrototypeOf(self) === prototype) {
        awaited(self);
      } else {
        // A reaction more would make one more promise of this subclass.
        const context = current();
        fulfilled = bindReaction(fulfilled, context);
        rejected = bindReaction(rejected, context);
      }
      guarded = self;
      return original.call(self, fulfilled, rejected);
    } finally {
      guarded = before;
    }
  };
  method(prototype, 'then', followed);
  if (Promise !== Native) method(Promise.prototype, 'then', followed);

  method(Native, 'reject', (original, self, args) => {
    const promise = original.apply(self, args);
    refused.set(promise, current());
    return promise;
  });

  method(Native, 'resolve', (original, self, args) => {
    const before = guarded;
    guarded = args[0];
    try {
      return original.apply(self, args);
    } finally {
      guarded = before;
    }
  });
}
