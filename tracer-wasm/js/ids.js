// Random ids in hexadecimal digits. Many are drawn at once: a call into the browser costs more than an id may.
import { hex } from './hex.js';

/** As many bytes as 32 spans need. */
const DRAWN = 256;
let digits = '';

/** So many digits, of which no one else has the same. At most 512. */
export function random(length) {
  if (digits.length < length) digits = hex(crypto.getRandomValues(new Uint8Array(DRAWN)));
  const id = digits.slice(0, length);
  digits = digits.slice(length);
  return id;
}

/**
 * The id of a trace that begins at `time` (Unix epoch). Its shape: 0 random, 1 led by its time in seconds (AWS X-Ray refuses
 * others), 2 with nothing but zeros in the upper half (OpenTracing carries no more than the lower one).
 */
export function traceId(time, shape) {
  const id = random(32);
  return shape === 1
    ? Math.floor(time / 1_000).toString(16).padStart(8, '0') + id.slice(8)
    : shape === 2
      ? '0'.repeat(16) + id.slice(16)
      : id;
}
