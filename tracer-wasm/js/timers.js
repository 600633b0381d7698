// Timers, frames, idle callbacks, microtasks and scheduler tasks: each callback runs in the context in which it
// was asked for. Short timers and frames keep their action open; an interval does until it has run once, since RxJS
// times everything with intervals.
import { SHORT_TIMER_MILLIS, hold, wait } from './action.js';
import { bindReaction, bindTask, current } from './register.js';
import { method } from './patch.js';

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
  method(window, schedule, (original, self, args) => {
    const [callback, ...rest] = args;
    if (typeof callback !== 'function') return original.apply(self, args);
    const context = current();
    let key;
    const before = context && holds(rest) ? () => release(key) : undefined;
    const id = original.call(self, bindTask(callback, context, before), ...rest);
    if (before) {
      key = kind + id;
      pending.set(key, hold(context));
    }
    return id;
  });
  if (cancel) {
    method(window, cancel, (original, self, args) => {
      release(kind + args[0]);
      return original.apply(self, args);
    });
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

  method(window, 'queueMicrotask', (original, self, args) => {
    return args.length ? original.call(self, bindReaction(args[0], current())) : original.apply(self, args);
  });

  method(window.Scheduler?.prototype, 'postTask', (original, self, args) => {
    const [callback, ...rest] = args;
    if (typeof callback !== 'function') return original.apply(self, args);
    const context = current();
    // A task that a signal aborts is never heard of again, so it is waited for as what may never come.
    const [settings] = rest;
    const release = settings?.delay > SHORT_TIMER_MILLIS ? undefined : (settings?.signal ? wait : hold)(context);
    return original.call(self, bindTask(callback, context, release), ...rest);
  });
}
