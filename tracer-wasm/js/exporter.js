// Delivery: OTLP over HTTP, gzipped, again until it is taken, and at once when the page goes.
//
//   WASM's queue ──take──▶ parts of a lane (one lane a signal) ──▶ a request of many parts ──▶ taken
//                                └──▶ the vault, where they wait long, are many, or the page goes
//
// A part is an OTLP request by itself, and so are several behind one another: protobuf joins them. Parts are small
// enough that some fit into the requests that outlive a page, and that a batch can be halved for a server that
// finds it too large. A part that is sent twice does no harm: a Throughline server takes the same record once.
//
// The tracer never traces its own requests: it calls the browser's `fetch` as it was before the patches.
import { late } from './late.js';
import { runIn } from './register.js';
import { learnOffset, now } from './clock.js';
import { consent } from './consent.js';
import { options } from './options.js';
import { spans } from './spans.js';
import { genuine } from './native.js';

/** Records wait this long for company, or for so many of them. */
const COMPANY_MILLIS = 500;
const COMPANY = 64;
const PART_BYTES = 20_000;
const BATCH_BYTES = 512 * 1024;
/** From so many bytes on, what waits might not fit into the page's last requests. */
const SAFE_BYTES = 50_000;
/** Beyond this, records stay in WASM's queue, which counts what it drops. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Browsers let all requests that outlive their page have 64 KiB together; the rest is the page's own. */
const KEEPALIVE_BYTES = 60_000;
const PATIENCE_MILLIS = 30_000;
const FIRST_RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 120_000;
/** What a server means by these is: later; 0 is no answer at all. */
const LATER = [0, 408, 429, 502, 503, 504];
/** So many failures in a row are no accident. */
const FAILURES_TO_SAY = 3;
const TYPE = 'application/x-protobuf';
const CHECK = 'Is it down, blocked, or closed to this origin or key?';

const { warn } = console;

/** `fetch` without a trace. */
export { fetch as send } from './globals.js';

/** In the order in which they go when the page does. */
const lanes = ['traces', 'logs', 'metrics'].map((path, signal) => ({
  path,
  signal,
  /** What is not taken yet, oldest first. */
  parts: [],
  /** How large a request may be. */
  most: BATCH_BYTES,
  /** How often in a row nothing was taken, and until when (`now`) the next try has to wait. */
  failures: 0,
  until: 0,
}));

/** The timer of the next delivery. */
let timer;
let ended = 0;
const said = {};

const say = (what) => (said[what] ||= !warn(`[throughline] ${what}`));

/** All parts that are not taken yet, and how many bytes parts have. */
const all = () => lanes.flatMap(({ parts }) => parts);
const sizeOf = (parts) => parts.reduce((size, { body }) => size + body.length, 0);

/** Nothing leaves a page that its user has not seen, or without consent. */
const mayDeliver = () => !genuine(document, 'prerendering') && consent();

/** Asks for a delivery soon; called when a record has ended. */
export function deliverSoon() {
  timer ||= setTimeout(due, COMPANY_MILLIS);
  // None of this is the work of the action that is running.
  if (!(++ended % COMPANY)) runIn(null, () => lanes.map(fill));
}

/** Delivers what need not wait. */
function due() {
  timer = 0;
  runIn(null, () => {
    for (const lane of lanes) (now() < lane.until ? fill : deliverLane)(lane);
  });
}

/** Delivers all. Settles when it is taken, or when a try has failed and the next one is set. */
export const deliver = () => Promise.all(lanes.map(deliverLane));

/** Takes over what pages left that are gone, and delivers it with the rest; in a hurry, without waiting. */
export async function deliverAll(hurry) {
  if (!mayDeliver()) return;
  for (const part of (await late.takeOver?.()) ?? []) lanes[part.signal].parts.push(part);
  (hurry ? deliver : due)();
}

const deliverLane = (lane) => (lane.delivery ??= run(lane).finally(() => (lane.delivery = undefined)));

async function run(lane) {
  do fill(lane);
  while (await send(lane, pick(lane, lane.most, 1)));
}

/** Drops all that waits. */
export function discard() {
  for (const lane of lanes) {
    lane.parts = [];
    fill(lane);
  }
}

/** Takes what WASM has for a lane; after a refusal, to drop it. */
function fill({ signal, parts }) {
  if (consent() === false) while (spans.take(signal, PART_BYTES));
  for (let body; mayDeliver() && sizeOf(all()) < MOST_BYTES && (body = spans.take(signal, PART_BYTES)); ) {
    parts.push({ signal, body });
  }
  // A page that nobody sees may be ended without another word.
  if (sizeOf(all()) > SAFE_BYTES || document.visibilityState === 'hidden') late.keep?.(parts);
}

/** The oldest parts that fit into `room`, but at least so many. */
const pick = (lane, room, least) =>
  lane.parts.filter(({ lasts, body: { length } }) => !lasts && (length <= room || least-- > 0) && ((room -= length), true));

/** Sends parts as one request. Settles with whether to go on. */
async function send(lane, parts, keepalive = false) {
  if (!parts[0] || !mayDeliver()) return false;
  const url = `${options.endpoint}/v1/${lane.path}`;
  const headers = { ...options.headers, 'content-type': TYPE };
  const plain = new Uint8Array(sizeOf(parts));
  let body = plain;
  let at = 0;
  let status = 0;
  let later;
  let answer;
  for (const part of parts) {
    plain.set(part.body, at);
    at += part.body.length;
    if (keepalive) part.lasts = true;
  }
  try {
    // A page that goes cannot wait for the compression.
    if (!keepalive && CompressionStream) {
      body = await new Response(new Response(body).body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
      headers['content-encoding'] = 'gzip';
    }
    // The consent may have been withdrawn meanwhile.
    if (!mayDeliver()) return false;
    const sent = now();
    const response = await fetch.call(window, url, {
      method: 'POST',
      headers,
      body,
      keepalive,
      credentials: 'omit',
      signal: keepalive ? null : AbortSignal.timeout?.(PATIENCE_MILLIS),
    });
    const header = (name) => response.headers.get(name);
    learnOffset(sent, header('throughline-time'));
    later = header('retry-after');
    status = response.status;
    if (header('content-type') === TYPE) answer = await response.arrayBuffer();
  } catch {
    // Without a status it is not taken.
  }
  if (keepalive) for (const part of parts) part.lasts = false;
  lane.failures++;
  if (LATER.includes(status)) {
    if (!status && lane.failures === FAILURES_TO_SAY) say(`cannot reach ${options.endpoint}, trying on. ${CHECK}`);
    late.keep?.(lane.parts);
  } else if (status === 413 && parts[1]) {
    lane.most = plain.length / 2;
    return true;
  } else {
    lane.parts = lane.parts.filter((part) => !parts.includes(part));
    late.delivered?.(parts);
    const refused = status > 299;
    // An answer to what was taken as a whole is empty.
    if ((refused || answer?.byteLength) && late.refuse(lane.signal, plain, !refused && answer) !== 0) {
      say(`${url} answered ${status} and lost records. ${CHECK}`);
      deliverSoon();
    }
    if (!all()[0] && document.visibilityState === 'hidden') late.unclaim?.();
    if (status < 300) {
      lane.failures = lane.until = 0;
      return true;
    }
  }
  const pause = Math.max(later * 1_000 || Date.parse(later) - Date.now() || 0, backoff(lane.failures));
  lane.until = now() + pause;
  // Timers may be early by what the clock rounds.
  setTimeout(due, pause + 9);
  return false;
}

/** Doubles with every failure; half of it is random, so that pages do not come back all at once. */
const backoff = (failures) =>
  Math.min(FIRST_RETRY_MILLIS * 2 ** (failures - 1), LONGEST_RETRY_MILLIS) * (0.5 + Math.random() / 2);

/** The page goes, or may go: sends what fits into requests that outlive it, and keeps all until it is taken. */
export function deliverNow() {
  for (const lane of lanes) {
    fill(lane);
    send(lane, pick(lane, KEEPALIVE_BYTES - sizeOf(all().filter(({ lasts }) => lasts)), 0), true);
    late.keep?.(lane.parts);
  }
}
