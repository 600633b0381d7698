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
import { adopt, forget, keep, unclaim } from './vault.js';
import { countRecords, fields } from './protobuf.js';
import { enterTask, runIn } from './register.js';
import { learnOffset, now } from './clock.js';
import { options } from './options.js';
import { spans } from './spans.js';

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
/** What a server means by these is: later. */
const LATER = [0, 408, 429, 502, 503, 504];
/** So many failures in a row are no accident. */
const FAILURES_TO_SAY = 3;
const TYPE = 'application/x-protobuf';

const { fetch, setTimeout, clearTimeout, Response, CompressionStream, AbortSignal } = window;
const { warn } = console;

/** In the order in which they go when the page does. */
const lanes = ['traces', 'logs', 'metrics'].map((path, signal) => ({
  path,
  signal,
  /** What is not taken yet, oldest first. */
  parts: [],
  /** How large a request may be. */
  most: BATCH_BYTES,
  /** How often in a row nothing was taken, and the timer of the next try. */
  failures: 0,
  retry: 0,
  /** The delivery that is going on. */
  delivery: undefined,
}));

/** The timer of the next delivery. */
let timer;
let ended = 0;
/** How many bytes the lanes hold, and how many are in requests that outlive the page. */
let held = 0;
let lasting = 0;
const said = [];

function say(what) {
  if (!said.includes(what)) said.push(what) && warn(`[throughline] ${what}`);
}

const add = (lane, part) => {
  held += part.body.length;
  lane.parts.push(part);
};

/** Asks for a delivery soon; called when a record has ended. */
export function deliverSoon() {
  timer ??= setTimeout(due, COMPANY_MILLIS);
  // None of this is the work of the action that is running.
  if (!(++ended % COMPANY)) runIn(null, () => lanes.forEach(fill));
}

/** A lane that waits for its next try goes on waiting. */
function due() {
  enterTask(null);
  timer = undefined;
  for (const lane of lanes) (lane.retry ? fill : deliverLane)(lane);
}

/** Delivers all that waits. Settles when it is taken, or when a try has failed and the next one is set. */
export function deliver() {
  clearTimeout(timer);
  timer = undefined;
  return Promise.all(lanes.map(deliverLane));
}

/** Takes over what pages left that are gone, and delivers it with the rest; with what waits for its next try, too. */
export async function deliverAll(hurry) {
  enterTask(null);
  if (!mayDeliver()) return;
  for (const part of await adopt()) add(lanes[part.signal], part);
  (hurry ? deliver : due)();
}

/** Nothing leaves a page that its user has not seen, or without consent. */
const mayDeliver = () => !document.prerendering && options.consent === 'granted';

function deliverLane(lane) {
  clearTimeout(lane.retry);
  lane.retry = 0;
  lane.delivery ??= run(lane).finally(() => (lane.delivery = undefined));
  return lane.delivery;
}

async function run(lane) {
  while (mayDeliver()) {
    fill(lane);
    const parts = pick(lane, lane.most, 1);
    if (!parts[0]) return;
    const pause = await send(lane, parts);
    if (pause) return retryIn(lane, pause);
  }
}

function retryIn(lane, pause) {
  const again = () => {
    enterTask(null);
    deliverLane(lane);
  };
  lane.retry ||= setTimeout(again, pause);
}

/** Takes what WASM has for a lane. */
function fill(lane) {
  if (!mayDeliver()) return;
  for (let body; held < MOST_BYTES && (body = spans.take(lane.signal, PART_BYTES)); ) add(lane, { signal: lane.signal, body });
  if (held > SAFE_BYTES) keep(lane.parts);
}

/** The oldest parts that fit into `room`, but at least so many. */
function pick(lane, room, least) {
  const picked = [];
  for (const part of lane.parts) {
    if (part.lasting || (part.body.length > room && picked.length >= least)) continue;
    room -= part.body.length;
    picked.push(part);
  }
  return picked;
}

function join(parts) {
  const body = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    body.set(part.body, at);
    at += part.body.length;
  }
  return body;
}

const sizeOf = (parts) => parts.reduce((size, part) => size + part.body.length, 0);

/** Sends parts as one request. Settles with after how many milliseconds to go on; 0: at once. */
async function send(lane, parts, keepalive = false) {
  const url = `${options.endpoint}/v1/${lane.path}`;
  const headers = { ...options.headers, 'content-type': TYPE };
  let body = join(parts);
  let status = 0;
  let later;
  let answer = [];
  try {
    // A page that goes cannot wait for the compression.
    if (!keepalive && CompressionStream) {
      body = await new Response(new Response(body).body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
      headers['content-encoding'] = 'gzip';
    }
    const sent = now();
    const response = await fetch.call(window, url, {
      method: 'POST',
      headers,
      body,
      keepalive,
      credentials: 'omit',
      signal: keepalive ? null : AbortSignal.timeout?.(PATIENCE_MILLIS),
    });
    learnOffset(sent, +response.headers.get('throughline-time'));
    later = response.headers.get('retry-after');
    status = response.status;
    if (response.headers.get('content-type') === TYPE) answer = fields(new Uint8Array(await response.arrayBuffer()), 1);
  } catch {
    // Not taken, unless there was a status.
  }
  lane.failures++;
  const pause = Math.max(later * 1_000 || Date.parse(later) - Date.now() || 0, backoff(lane.failures));
  if (LATER.includes(status)) {
    if (!status && lane.failures === FAILURES_TO_SAY && navigator.onLine) {
      say(`cannot reach ${url}. Is the server there, does it allow this page's origin, does an extension refuse it? Trying on.`);
    }
    keep(lane.parts);
    return pause;
  }
  if (status === 413 && parts[1]) {
    lane.most = sizeOf(parts) / 2;
    return 1;
  }
  held -= sizeOf(parts);
  lane.parts = lane.parts.filter((part) => !parts.includes(part));
  forget(parts);
  if (!held && document.visibilityState === 'hidden') unclaim();
  if (status < 300) {
    lane.failures = 0;
    // The answer's partial success: how many were not kept (1), and why (2).
    for (const partial of answer) lose(lane, fields(partial, 1)[0], `${url} did not keep all: ${new TextDecoder().decode(fields(partial, 2)[0])}`);
    return 0;
  }
  lose(lane, countRecords(join(parts)), `${url} answered ${status}: what was sent is given up. See what it says there about this page's origin, keys and limits.`);
  return pause;
}

/** Counts what the server will not take. Counting the counts would never end. */
function lose(lane, count, why) {
  say(why);
  if (count && lane.signal < 2) {
    spans.dropped(lane.signal, 'rejected', count);
    timer ??= setTimeout(due, COMPANY_MILLIS);
  }
}

/** Doubles with every failure; half of it is random, so that pages do not come back all at once. */
const backoff = (failures) =>
  Math.min(FIRST_RETRY_MILLIS * 2 ** (failures - 1), LONGEST_RETRY_MILLIS) * (0.5 + Math.random() / 2);

/** The page goes, or may go: sends what fits into requests that outlive it, and keeps all until it is taken. */
export function deliverNow() {
  for (const lane of lanes) {
    fill(lane);
    const parts = pick(lane, KEEPALIVE_BYTES - lasting, 0);
    const size = sizeOf(parts);
    if (size) {
      lasting += size;
      for (const part of parts) part.lasting = true;
      send(lane, parts, true).then((pause) => {
        lasting -= size;
        for (const part of parts) part.lasting = false;
        if (pause) retryIn(lane, pause);
      });
    }
    keep(lane.parts);
  }
}
