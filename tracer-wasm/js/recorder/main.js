// throughline.replay.js: records the page as rrweb does, masks it and sends it, where the option `replay` says so.
//
//   rrweb ──▶ segments, each from a whole picture on ──▶ numbered, masked and gzipped in a worker ──▶ POST /v1/replay
//
// With `error`, the last minute is kept until an exception or a poor interaction; then it is sent, and all that follows.
// Nothing is handed over or sent while the page is busy with the user, but for what must go when the page does.
// A stream is one page's in one session: its chunks are numbered from 0, and the first begins with a picture.
import { record } from '@rrweb/record';
import { isKept } from './mask.js';
import { offThread } from './off-thread.js';

const FLUSH_MILLIS = 5_000;
/** A page that is never idle does not put it off for longer. */
const BUSY_MILLIS = 1_000;
/** Two segments of this length are kept while nothing has happened: at least the one, at most both. */
const SEGMENT_MILLIS = 30_000;
/** A page that is watched for long gets a new picture this often, from which a player can start. */
const PICTURE_MILLIS = 120_000;
/** An interaction that took longer is poor, as web vitals count. */
const POOR_MILLIS = 500;
/** What outlives the page has 64 KiB together with the tracer's own last requests, in UTF-8 bytes. */
const LAST_BYTES = 30_000;
/** More events than these at once are more than the server takes. */
const CHUNK_EVENTS = 10_000;
/** A page that has more of them waiting is not recorded on. */
const MOST_EVENTS = 100_000;

const { setTimeout, setInterval, clearInterval, requestIdleCallback = (run) => setTimeout(run, 50), PerformanceObserver } = window;

/** Starts to record, with what late/replay.js offers. `mark(traceparent)` says that an action's root has been started. */
export default function start({ always, consent, listen, options, random, send, session }) {
  const { packed, plain, stop: stopPacking } = offThread();
  let keeping = always;
  /** What is not sent, oldest first: a list of events for each picture. */
  let segments = [];
  let waiting = 0;
  let pictured = 0;
  /** The chunk that is on its way, and what packed() has made of it. */
  let pending;
  let sending = false;
  let stopped = false;
  let owner = session();
  let stream;
  let number;
  const begin = () => {
    stream = random(16);
    number = 0;
  };
  begin();

  const headers = (gzipped) => ({ ...options.headers, 'content-type': 'application/json', ...(gzipped && { 'content-encoding': 'gzip' }) });

  /** The next chunk: so many of the oldest events that wait. The rest waits on, from the same picture. */
  function take(most) {
    const all = segments.flat();
    const events = all.slice(0, most);
    segments = [all.slice(most)];
    waiting -= events.length;
    return { session: owner, stream, number: number++, events };
  }

  /** Sends what waits, one chunk after the other. */
  async function flush() {
    if (consent() === false) return stop();
    if (!keeping || !consent() || sending) return;
    sending = true;
    try {
      while ((pending || waiting) && !stopped) {
        // It may be stopped meanwhile, which forgets what is pending.
        const now = (pending ??= { chunk: take(CHUNK_EVENTS) });
        now.made ??= await packed(now.chunk);
        if (stopped || !(await sent(now.made))) break;
        pending = undefined;
      }
      // The session is over: what follows is recorded as another one's, from a picture on.
      if (!pending && !waiting && !stopped && session() !== owner) {
        owner = session();
        begin();
        record.takeFullSnapshot(true);
      }
    } finally {
      sending = false;
    }
  }

  /** Settles with whether the chunk need not be sent again. */
  async function sent({ bytes, gzipped }) {
    try {
      const { ok, status } = await send(bytes, { headers: headers(gzipped) });
      if (!ok && (status >= 500 || status === 429 || status === 408)) return false;
      if (!ok) stop();
      return true;
    } catch {
      return false;
    }
  }

  /** The page goes: what fits goes with it, the oldest first, since what follows a gap cannot be played. */
  function last() {
    if (!keeping || !consent()) return;
    let room = LAST_BYTES;
    const leave = (bytes, gzipped) => {
      room -= bytes.byteLength;
      send(bytes, { keepalive: true, headers: headers(gzipped) }).catch(() => {});
    };
    if (pending) {
      // What is on its way may not arrive. Where it does, the server has it once, by its number.
      const { bytes, gzipped } = pending.made ?? { bytes: plain(pending.chunk) };
      if (bytes.byteLength < room) leave(bytes, gzipped);
    }
    let most = Math.min(waiting, CHUNK_EVENTS);
    while (most) {
      const chunk = { session: owner, stream, number, events: segments.flat().slice(0, most) };
      const bytes = plain(chunk);
      if (bytes.length <= room) {
        take(most);
        return leave(bytes);
      }
      most >>= 1;
    }
  }

  const keep = () => (keeping = !stopped);

  function picture() {
    const age = Date.now() - pictured;
    if (age > (keeping ? PICTURE_MILLIS : SEGMENT_MILLIS) && !document.hidden) record.takeFullSnapshot(true);
  }

  const stopRecording = record({
    emit(event, isCheckout) {
      if (stopped || !isKept(event)) return;
      // rrweb's first event of a picture, which says the page's size.
      if (event.type === 4 && (isCheckout || !pictured)) {
        pictured = event.timestamp;
        if (!keeping) {
          segments = segments.slice(-1);
          waiting = segments.flat().length;
        }
        segments.push([]);
      }
      if (!segments.length) segments.push([]);
      segments.at(-1).push(event);
      if (++waiting > MOST_EVENTS) stop();
    },
    maskAllInputs: true,
    inlineStylesheet: true,
    slimDOMOptions: 'all',
    sampling: { mousemove: 100, scroll: 150, input: 'last' },
  });
  const soon = () => requestIdleCallback(() => stopped || (picture(), flush()), { timeout: BUSY_MILLIS });
  const timer = setInterval(soon, FLUSH_MILLIS);
  // Nothing can be played without the first picture, which may be more than what can go with the page.
  soon();

  let observer;
  try {
    observer = new PerformanceObserver((list) => list.getEntries().some(({ interactionId, duration }) => interactionId && duration > POOR_MILLIS) && keep());
    observer.observe({ type: 'event', durationThreshold: POOR_MILLIS });
  } catch {
    // A browser that does not time events: errors are left.
  }
  listen(window, 'error unhandledrejection', keep);
  listen(window, 'pagehide', last);
  listen(document, 'visibilitychange', () => document.hidden && last());

  function stop() {
    stopped = true;
    keeping = false;
    segments = [];
    waiting = 0;
    pending = undefined;
    stopPacking();
    stopRecording?.();
    observer?.disconnect();
    clearInterval(timer);
  }

  return {
    stop,
    mark(traceparent) {
      const [, traceId, spanId] = traceparent.split('-');
      if (spanId && pictured && !stopped) record.addCustomEvent('throughline', { traceId, spanId });
    },
  };
}
