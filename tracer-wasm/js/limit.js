// Storms: what repeats itself is sent a few times and counted for the rest.
import { now } from './clock.js';
import { spans } from './spans.js';

const MOST_KEYS = 200;

/** Key → since when it is counted, and how often it was seen since. */
const seen = new Map();

/** Whether there were already `most` of these within `millis`; the one more is then counted as dropped (`signal`). */
export function crowded(signal, key, most = 10, millis = 60_000) {
  const time = now();
  let count = seen.get(key);
  if (!count || time - count.since > millis) {
    if (seen.size > MOST_KEYS) seen.clear();
    seen.set(key, (count = { since: time, times: 0 }));
  }
  if (count.times++ < most) return false;
  spans.dropped(signal, 'repeated', 1);
  return true;
}
