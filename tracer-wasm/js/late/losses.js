// What the tracer itself has lost, as OpenTelemetry's metrics of an SDK, `otel.sdk.*`.
import { epoch, now, spans, started } from './core.js';
import { countRecords, fields } from './protobuf.js';

/** Why what ends is lost when too much waits, in OpenTelemetry's words. Any other reason is the exporter's. */
const QUEUE_FULL = 'queue_full';

/** Counts what a server did not take of a request; of what it took, `answer` says in `partial_success` (1) how many it rejected (1). */
export function countLost(signal, request, answer) {
  const lost = answer ? fields(fields(new Uint8Array(answer), 1)[0], 1)[0] : countRecords(request);
  // Counting the counts would never end.
  if (lost && signal < 2) spans.dropped(signal, 'rejected', lost);
  return lost ?? 0;
}

/** When it was last told. */
let since;

/** Puts what was lost (signal and reason → count) into WASM's queue of metrics by `record` of js/spans.js. */
export function tellLosses(losses, record) {
  since ??= epoch(started);
  const time = epoch(now());
  const tell = (role, signal, component, what, value, reason) => {
    const [item, unit] = signal ? ['log', '{log_record}'] : ['span', '{span}'];
    const metric = record(role, value, since, '', `otel.sdk.${component}.${item}.${what}`, unit);
    spans.set(metric, 'error.type', reason);
    record(14, metric, time);
  };
  for (const signal of [0, 1]) spans.dropped(signal, QUEUE_FULL, record(18, signal));
  if (!losses.size) return;
  for (const [key, count] of losses) {
    const reason = key.slice(1);
    const inQueue = reason === QUEUE_FULL;
    tell(4, +key[0], inQueue ? 'processor' : 'exporter', inQueue ? 'processed' : 'exported', count, reason);
  }
  for (const signal of [0, 1]) tell(5, signal, 'processor', 'queue.size', record(19, signal));
  losses.clear();
  since = time;
}
