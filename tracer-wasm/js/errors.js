// Exceptions that nobody caught and rejections that nobody handled, as `exception` events in the context of the code
// that threw. The root of that code's action has failed, and is kept although it may have caused nothing else.
import { recently, current } from './register.js';
import { capture } from './sampling.js';
import { crowded } from './limit.js';
import { emit } from './logs.js';
import { listen, loading, prefixed } from './timeline.js';
import { parentOf } from './action.js';
import { refused } from './promise.js';
import { plainFrames } from './stack.js';
import { spans } from './spans.js';

/** What an error says; of anything else that was thrown only a plain value, so that no getter of the page runs. */
export function describe(thrown) {
  if (thrown instanceof Error) return { type: thrown.name, message: thrown.message, stacktrace: plainFrames(thrown.stack) };
  const type = typeof thrown;
  return { type, message: type === 'object' || type === 'function' ? '' : String(thrown) };
}

/** Errors that the page has told of itself. */
const told = new WeakSet();

function record(thrown, context, attributes) {
  if (context) parentOf(context);
  capture('exception');
  if (!crowded(1, thrown.type + thrown.message + thrown.stacktrace?.split('\n')[1])) {
    emit('exception', 17, { ...prefixed('exception.', thrown), ...attributes }, { context });
  }
  if (context?.sure && context.action.span) spans.fail(context.action.span, thrown.type, thrown.message);
}

/** Takes an error that the page has caught; one that it has told already is left out. */
export function tell(error, attributes) {
  if (told.has(error)) return;
  if (error instanceof Error) told.add(error);
  record(describe(error), current(), attributes);
}

function report({ type: source, isTrusted, target, error, promise, reason, message, filename }) {
  const rejected = source !== 'error';
  // An `error` at an element is a resource that did not load.
  const value = rejected ? reason : error;
  if (!isTrusted || target !== window || told.has(value)) return;
  const thrown = describe(value);
  // The browser keeps what a script of another origin has thrown to itself.
  if (!rejected && !filename && !error) thrown.type = 'cross-origin';
  if (!(error instanceof Error) && message) thrown.message = message;
  record(thrown, (rejected ? refused.get(promise) ?? recently() : current()) ?? loading(), { 'throughline.exception.source': source });
}

export const followErrors = () => listen(window, 'error unhandledrejection', report);
