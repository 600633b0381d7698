// Time in milliseconds: `now` since the navigation, as every event and performance entry has it.
//
// The Unix epoch of a moment is the navigation's plus that. Where a laptop sleeps, `now` may stand still, and the
// epoch of what comes after is then taken from the wall clock anew; what was before keeps its own. A step back of
// the wall clock is not followed: a span that is open would end before it began.
const { now: wall } = Date;

export const now = performance.now.bind(performance);

/** When the tracer started. */
export const started = now();

/** So far may the two clocks be apart: less is rounding, or the wall clock being slewed. */
const DRIFT_MILLIS = 1_000;

const wallOrigin = (time = now()) => wall() - time;

/** Since when (`now`) the navigation was at which moment (Unix epoch), newest first. */
const anchors = [[-Infinity, performance.timeOrigin]];
// A browser whose machine has slept since it was started may be wrong about the navigation too.
if (Math.abs(wallOrigin() - performance.timeOrigin) > DRIFT_MILLIS) anchors[0][1] = wallOrigin();

/** When the clocks were last compared: a sleep has been since. */
let compared = now();

/** Milliseconds since the Unix epoch of a time since the navigation, where it is `here` now. */
export function epoch(time, here = now()) {
  const origin = wallOrigin(here);
  if (origin - anchors[0][1] > DRIFT_MILLIS) anchors.unshift([compared, origin]);
  compared = here;
  let at = 0;
  while (time < anchors[at][0]) at++;
  return anchors[at][1] + time;
}

/** How many milliseconds the server's clock is ahead of these epochs, once an answer has told. */
export let serverOffset;
/** The round trip that it was learnt from: the shorter, the surer. */
let surest = Infinity;

/** A request was sent at `sent`, and its answer, now here, says which time it is there (0 where it says nothing). */
export function learnOffset(sent, serverTime) {
  const trip = now() - sent;
  if (!serverTime || trip > surest) return;
  surest = trip;
  serverOffset = Math.round(serverTime - epoch(sent + trip / 2));
}
