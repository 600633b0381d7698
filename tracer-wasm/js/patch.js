// Replaces functions of the browser so that the page cannot tell, and puts them back.
//
// Invariant: a replacement has the original's name, length, property attributes and source text, is no more
// of a constructor than the original, and calls it exactly once.
import { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, hasOwn } from './native.js';
import { state } from './state.js';

/** Replacement → original, for `Function.prototype.toString`. */
const originals = new WeakMap();
/** What puts everything back, newest last. */
const undo = [];

function disguise(replacement, original) {
  defineProperty(replacement, 'name', { value: original.name, configurable: true });
  defineProperty(replacement, 'length', { value: original.length, configurable: true });
  // A patch may lie over another one.
  originals.set(replacement, originals.get(original) || original);
}

/**
 * Replaces a property. `change` gets its descriptor and returns what differs. A property that is missing
 * or cannot be changed (a frozen prototype) stays as it is: that source is then not followed.
 */
export function redefine(owner, key, change) {
  try {
    // The functions of a worker stand on a prototype of its global object.
    while (owner && !hasOwn(owner, key)) owner = getPrototypeOf(owner);
    const before = owner && getOwnPropertyDescriptor(owner, key);
    if (!before || !before.configurable) return;
    const after = { ...before, ...change(before) };
    if (hasOwn(after, 'get')) {
      delete after.value;
      delete after.writable;
    }
    defineProperty(owner, key, after);
    undo.push(() => {
      const now = getOwnPropertyDescriptor(owner, key);
      // Another library may have wrapped the replacement since; then it must stay.
      if (now && now.value === after.value && now.get === after.get && now.set === after.set) defineProperty(owner, key, before);
    });
  } catch {
    // The page has locked this object.
  }
}

/**
 * Replaces a method, or what `part` of the descriptor holds: while the tracer runs, a call of it is one of
 * `instead(original, self, args)`. All replacements are one piece of code, which the engine compiles once; what stands for
 * each is compiled when it is called.
 */
export function method(owner, key, instead, part = 'value') {
  redefine(owner, key, ({ [part]: original }) => {
    const { replacement } = {
      replacement() {
        return state.on ? instead(original, this, arguments) : original.apply(this, arguments);
      },
    };
    disguise(replacement, original);
    return { [part]: replacement };
  });
}

/** Replaces a constructor by a proxy that behaves as `construct(args, make)` says. */
export function constructor(owner, key, construct) {
  redefine(owner, key, ({ value: original }) => {
    const replacement = new Proxy(original, {
      // A page may give all objects a `get`.
      __proto__: null,
      construct(target, args, newTarget) {
        let made;
        const make = (changed) => (made = Reflect.construct(target, changed, newTarget));
        try {
          return state.on ? construct(args, make) : make(args);
        } catch (error) {
          // What was made is no browser's object where a library's constructor stands under this one: it is not followed.
          if (!made) throw error;
          return made;
        }
      },
    });
    originals.set(replacement, original);
    // `new X().constructor === X` must go on holding.
    redefine(original.prototype, 'constructor', () => ({ value: replacement }));
    return { value: replacement };
  });
}

/** Lets the replacements show the source text of what they replace. */
export function hideSources() {
  method(Function.prototype, 'toString', (original, self) => original.call(originals.get(self) || self));
}

/** Puts back every original that nobody has wrapped since. */
export function restoreAll() {
  while (undo.length) {
    try {
      undo.pop()();
    } catch {
      // What the page has locked meanwhile stays; it only passes calls through.
    }
  }
}
