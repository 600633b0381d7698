// Which sessions send their traces.
//
// `tail`, the default: all do, and the server chooses among whole traces once they are known. `head`: a ratio of the
// sessions does. The choice follows from the session's id, and so is the same in its tabs and after reloads. It stands in
// `tracestate` as OpenTelemetry's consistent probability sampling has it, so that counts can be scaled up: `rv` is the
// session's random number, and `th` the threshold that it has reached. The other sessions keep their last minutes in
// the flight recorder. When it is emptied, a session sends all; as that is no random choice, it has no `th`.
import { emit } from './logs.js';
import { followSession, keepSession, session } from './session.js';
import { idShape } from './propagation.js';
import { options } from './options.js';
import { spans } from './spans.js';

/** The digits that are left of an id when its last seven bytes are the random number. */
const RANDOM_FROM = 18;
const INFO = 9;

let sending = true;
let captured = '';

/** Whether the session's traces are sent at once. */
export function sampled() {
  session();
  return sending;
}

/** Chooses by the options in force. */
export function sample() {
  followSession((id, reason) => {
    spans.shapeIds(idShape(options.propagators));
    captured = reason;
    sending = true;
    let tracestate = '';
    if (options.sampling === 'head') {
      const random = id.slice(RANDOM_FROM);
      const threshold = thresholdOf(options.ratio);
      // Both are fractions in hexadecimal digits, which sort as texts.
      const chosen = threshold && random >= threshold;
      sending = !!(chosen || reason);
      tracestate = `ot=${chosen ? `th:${threshold};` : ''}rv:${random}`;
    }
    spans.sampling(sending, tracestate);
    spans.record(!sending);
  });
}

/** `th` of a ratio, to 32 bits; empty for 0, which no threshold stands for. */
function thresholdOf(ratio) {
  if (!ratio) return '';
  const threshold = Math.min(Math.floor((1 - ratio) * 2 ** 32), 2 ** 32 - 1);
  return threshold.toString(16).padStart(8, '0').replace(/0+$/, '') || '0';
}

/**
 * Sends what the flight recorder holds, and lets the session through from now on. Where that changes nothing, it is only
 * said that somebody `asked`. Once a session.
 */
export function capture(reason, asked) {
  if (captured || (sampled() && !asked)) return;
  emit('throughline.capture', INFO, { 'throughline.capture': reason });
  keepSession(reason);
}
