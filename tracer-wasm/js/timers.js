// Timers, frames, idle callbacks, microtasks and scheduler tasks: each callback runs in the context in which it
// was asked for. Short timers and frames keep their action open; an interval does until it has run once, since RxJS
// times everything with intervals.
import { SHORT_TIMER_MILLIS, hold, wait } from './action.js';
import { bindReaction, bindTask, current } from './register.js';
import { method } from './patch.js';
import { state } from './state.js';

/** What to call when a pending timer or frame is cancelled: key → release. */
const pending = new Map();

function release(key) {
  const let_go = pending.get(key);
  if (let_go) {
    pending.delete(key);
    let_go();
  }
}

/**
 * `schedule(callback, …)` whose id `cancel` takes. `kind` keeps the ids of frames, idle callbacks and timers
 * apart; `holds(args)` says whether the callback keeps its action open.
 */
function source(kind, schedule, cancel, holds) {
  method(window, schedule, (original) => ({
    replacement(callback, ...rest) {
      if (!state.on || typeof callback !== 'function') return original.apply(this, arguments);
      const context = current();
      let key;
      const before = context && holds(rest) ? () => release(key) : undefined;
      const id = original.call(this, bindTask(callback, context, before), ...rest);
      if (before) {
        key = kind + id;
        pending.set(key, hold(context));
      }
      return id;
    },
  }));
  if (cancel) {
    method(window, cancel, (original) => ({
      replacement(id) {
        release(kind + id);
        return original.apply(this, arguments);
      },
    }));
  }
}

const always = () => true;

const short = ([delay]) => !(delay > SHORT_TIMER_MILLIS);

export function followTimers() {
  source('t', 'setTimeout', 'clearTimeout', short);
  // Timers and intervals share their ids, and either function cancels either.
  source('t', 'setInterval', 'clearInterval', short);
  source('f', 'requestAnimationFrame', 'cancelAnimationFrame', always);
  source('i', 'requestIdleCallback', 'cancelIdleCallback', always);

  method(window, 'queueMicrotask', (original) => ({
    replacement(callback) {
      return state.on && arguments.length
        ? original.call(this, bindReaction(callback, current()))
        : original.apply(this, arguments);
    },
  }));

  method(window.Scheduler?.prototype, 'postTask', (original) => ({
    replacement(callback, settings) {
      if (!state.on || typeof callback !== 'function') return original.apply(this, arguments);
      const context = current();
      // A task that a signal aborts is never heard of again, so it is waited for as what may never come.
      const release = settings?.delay > SHORT_TIMER_MILLIS ? undefined : (settings?.signal ? wait : hold)(context);
      return original.call(this, bindTask(callback, context, release), ...[].slice.call(arguments, 1));
    },
  }));
}
