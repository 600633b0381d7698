// Delivery: batches over OTLP/HTTP, gzipped, again until they are taken, and at once when the page goes.
//
// The tracer never traces its own requests: it calls the browser's `fetch` as it was before the patches. A batch
// that is sent twice does no harm, since a server takes the same span once.
import { endAction, openActions } from './action.js';
import { endRequests } from './request.js';
import { enterTask } from './register.js';
import { now } from './clock.js';
import { options } from './options.js';
import { spans } from './spans.js';

/** Spans wait this long for company. */
const BATCH_MILLIS = 500;
const BATCH_BYTES = 512 * 1024;
/** Browsers let all requests that outlive their page have 64 KiB. */
const KEEPALIVE_BYTES = 60_000;
const FIRST_RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 15_000;
/** What a server means by these is: later. */
const LATER = [408, 429, 502, 503, 504];

const { fetch, setTimeout, clearTimeout, Response, CompressionStream } = window;

/** The timer of the next delivery or of the next try. */
let timer;
/** The batch that is under way or waits for its next try. */
let batch;
/** The delivery that is going on. */
let delivery;
/** How often in a row the batch was not taken. */
let failures = 0;

/** Asks for a delivery soon; called when a span has ended. */
export function deliverSoon() {
  timer ??= setTimeout(due, BATCH_MILLIS);
}

function due() {
  enterTask(null);
  deliver();
}

/** Delivers all that waits. Settles when it is taken, or when a try has failed and the next one is set. */
export function deliver() {
  clearTimeout(timer);
  timer = undefined;
  delivery ??= deliverAll().finally(() => (delivery = undefined));
  return delivery;
}

async function deliverAll() {
  while ((batch ??= spans.take(0, BATCH_BYTES))) {
    const pause = await send(batch);
    if (pause >= 0) {
      timer ??= setTimeout(due, pause);
      return;
    }
    failures = 0;
    batch = undefined;
  }
}

/** Sends one batch. Returns after how many milliseconds to try again, or -1 when it is done with. */
async function send(body) {
  try {
    const packed = CompressionStream && new Response(body).body.pipeThrough(new CompressionStream('gzip'));
    const response = await (packed
      ? post(await new Response(packed).arrayBuffer(), { headers: { ...TYPE, 'content-encoding': 'gzip' } })
      : post(body));
    // A batch that the server will never take is given up, so that it does not hold up the others.
    if (!LATER.includes(response.status)) return -1;
    return Math.max(response.headers.get('retry-after') * 1_000 || 0, backoff());
  } catch {
    return backoff();
  }
}

/** Doubles with every failure; half of it is random, so that pages do not come back all at once. */
function backoff() {
  const longest = Math.min(FIRST_RETRY_MILLIS * 2 ** failures++, LONGEST_RETRY_MILLIS);
  return longest * (0.5 + Math.random() / 2);
}

const TYPE = { 'content-type': 'application/x-protobuf' };

const post = (body, more) =>
  fetch.call(window, `${options.endpoint}/v1/traces`, { method: 'POST', headers: TYPE, body, credentials: 'omit', ...more });

/** Sends all that waits in requests that outlive the page: uncompressed, since compression would come too late. */
function deliverNow() {
  let room = KEEPALIVE_BYTES;
  for (let body = batch ?? spans.take(0, room); body && body.length <= room; body = spans.take(0, room)) {
    room -= body.length;
    post(body, { keepalive: true }).catch(() => {});
  }
}

/** The page goes: what is open ends now. */
function leave() {
  endRequests();
  for (const action of openActions()) endAction(action, now());
  deliverNow();
}

/** Starts listening for the end of the page. Returns what stops it. */
export function followPage() {
  const listeners = [
    [window, 'pagehide', leave],
    [document, 'visibilitychange', () => document.visibilityState === 'hidden' && deliverNow()],
    [window, 'online', due],
  ];
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener, true);
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener, true);
  };
}
