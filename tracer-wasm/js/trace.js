// `throughline.trace`: code of the application as a span.
import { Context, hold, parentOf, startAction } from './action.js';
import { current, runIn } from './register.js';
import { describe } from './errors.js';
import { epoch, now } from './clock.js';
import { prefixed } from './timeline.js';
import { spans } from './spans.js';
import { state } from './state.js';
import { isPromise, watch } from './promise.js';

/**
 * Runs `body` as a span of the current action, or as an action of its own, and returns what it returns. The span
 * ends when `body` returns, or when the promise that it returned settles; an error is recorded and thrown on.
 */
export function trace(name, body) {
  if (!state.on) return body();
  const context = current();
  const outer =
    context && !context.action.ended ? context : startAction('trace', now(), () => String(name)).context;
  const span = outer === context ? spans.start(parentOf(outer), epoch(now()), String(name)) : 0;
  const inner = span ? new Context(outer.action, span.own) : outer;
  const release = hold(outer);
  if (!span) parentOf(outer);
  const end = (error) => {
    if (error) {
      const failed = span || outer.action.span;
      const thrown = describe(error.thrown);
      spans.event(failed, 'exception', epoch(now()), prefixed('exception.', thrown));
      spans.fail(failed, thrown.type, thrown.message);
    }
    if (span) spans.end(span, epoch(now()));
    release();
  };
  let result;
  try {
    result = runIn(inner, body);
  } catch (thrown) {
    end({ thrown });
    throw thrown;
  }
  if (!isPromise(result)) {
    end();
    return result;
  }
  return watch(
    result,
    inner,
    () => end(),
    (thrown) => end({ thrown }),
  );
}
