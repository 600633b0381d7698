// Log records: what happened, in the trace in which it did. Those with a name are OpenTelemetry's events.
import { epoch, now } from './clock.js';
import { current } from './register.js';
import { parentOf } from './action.js';
import { spans } from './spans.js';

/**
 * Emits a record; `attributes` as `spans.set` takes them. It belongs to `span`, or else to what `context` (null: none)
 * stands for.
 */
export function emit(eventName, severity, attributes, { body = '', time = now(), context = current(), span } = {}) {
  const record = spans.log(span ? span.own : parentIn(context), epoch(time), severity, eventName, body);
  spans.put(record, attributes);
  spans.page(record);
  spans.end(record, epoch(now()));
}

/** An action that has ended without a span gets none any more. */
function parentIn(context) {
  if (!context) return '';
  const { action } = context;
  return action.ended ? context.parent || action.parent : parentOf(context);
}
