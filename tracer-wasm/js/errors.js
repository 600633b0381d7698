// Exceptions that nobody caught and rejections that nobody handled, as `exception` events in the context of the code
// that threw. The root of that code's action has failed, and is kept although it may have caused nothing else.
import { recently, current } from './register.js';
import { capture } from './sampling.js';
import { crowded } from './limit.js';
import { emit } from './logs.js';
import { listen, loading } from './timeline.js';
import { parentOf } from './action.js';
import { spans } from './spans.js';

/** What an error says; of anything else that was thrown only a plain value, so that no getter of the page runs. */
export function describe(thrown) {
  if (thrown instanceof Error) return { type: thrown.name, message: thrown.message, stacktrace: thrown.stack };
  const type = typeof thrown;
  return { type, message: type === 'object' || type === 'function' ? '' : String(thrown) };
}

export const exceptionAttributes = ({ type, message, stacktrace }) => ({
  'exception.type': type,
  'exception.message': message,
  'exception.stacktrace': stacktrace,
});

function report({ type: source, isTrusted, target, error, reason, message, filename }) {
  // An `error` at an element is a resource that did not load.
  if (!isTrusted || target !== window) return;
  const rejected = source !== 'error';
  const thrown = describe(rejected ? reason : error);
  // The browser keeps what a script of another origin has thrown to itself.
  const muted = !rejected && !filename && !error;
  if (!(error instanceof Error) && message) thrown.message = message;
  if (muted) thrown.type = 'cross-origin';
  const context = current() ?? (rejected ? recently() : null) ?? loading();
  if (context) parentOf(context);
  capture('exception');
  if (!crowded(1, thrown.type + thrown.message + thrown.stacktrace?.split('\n')[1])) {
    emit('exception', 17, { ...exceptionAttributes(thrown), 'throughline.exception.source': source }, { context });
  }
  if (context?.sure && context.action.span) spans.fail(context.action.span, thrown.type, thrown.message);
}

export const followErrors = () => listen(window, 'error unhandledrejection', report);
