// Traces of any size and shape, made up the same way every time, sent as OTLP protobuf.

/**
 * @typedef {object} Shape
 * @property {string} traceId 32 hexadecimal digits
 * @property {number} spans how many spans
 * @property {number} [seed]
 * @property {number} [start] when the trace begins, in milliseconds since the epoch
 */

const SERVICES = ['shop-web', 'gateway', 'validation', 'booking', 'payment', 'seating', 'ticketing', 'catalogue', 'pricing', 'mail', 'audit', 'search'];
const VERBS = ['GET', 'POST', 'SELECT', 'load', 'check', 'render', 'publish', 'lock'];
const NOUNS = ['bookings', 'seats', 'customers', 'payments', 'tickets', 'prices', 'films', 'halls', 'mails', 'offers', 'sessions', 'invoices'];
/** Spans of one request. */
const BATCH = 4000;

/** A small generator of numbers from 0 to 1 (mulberry32). @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Sends a trace: a tree of some depth in which services call one another, with runs of alike calls, failures in one of
 * two hundred spans and events in one of thirty.
 *
 * @param {string} ingestUrl
 * @param {Shape} shape
 */
export async function sendTrace(ingestUrl, shape) {
  const next = random(shape.seed ?? 7);
  const origin = BigInt(shape.start ?? Date.now() - 600_000) * 1_000_000n;
  const parents = new Int32Array(shape.spans).fill(-1);
  const services = new Uint8Array(shape.spans);
  const starts = new Float64Array(shape.spans);
  const ends = new Float64Array(shape.spans);
  ends[0] = shape.spans * 2_000;
  /** The spans that may still get children, the latest last. */
  const open = [0];
  let batch = [];
  const flush = async () => {
    const spans = batch;
    batch = [];
    await post(ingestUrl, spans);
  };
  let run = { left: 0, name: '', parent: 0, at: 0 };
  for (let index = 0; index < shape.spans; index++) {
    let name = 'click "Book Now"';
    if (index > 0) {
      if (run.left === 0) {
        while (open.length > 1 && next() < 0.42) open.pop();
        const parent = open[open.length - 1];
        const long = next() < 0.02;
        run = { left: long ? 12 : 1, parent, at: starts[parent] + (ends[parent] - starts[parent]) * next() * 0.3, name: `${VERBS[(next() * VERBS.length) | 0]} ${NOUNS[(next() * NOUNS.length) | 0]}/${(next() * 20) | 0}`, long };
      }
      run.left--;
      name = run.name;
      parents[index] = run.parent;
      const room = ends[run.parent] - run.at;
      const length = Math.max(room * (run.long ? 0.06 : 0.2 + next() * 0.7), 40);
      starts[index] = run.at;
      ends[index] = run.at + length;
      run.at += length * 1.02;
      services[index] = next() < 0.7 ? services[run.parent] : 1 + ((next() * (SERVICES.length - 1)) | 0);
      if (!run.long && open.length < 400 && room > 400) open.push(index);
    }
    batch.push(span(shape.traceId, index, parents[index], services[index], name, origin, starts[index], ends[index], next()));
    if (batch.length === BATCH) await flush();
  }
  await flush();
}

/** The id of the span with a number: spread over all eight bytes, as random ones are. */
export function spanId(index) {
  const low = Math.imul(index + 1, 0x9e3779b1) >>> 0;
  return `${low.toString(16).padStart(8, '0')}${(index + 1).toString(16).padStart(8, '0')}`;
}

function span(traceId, index, parent, service, name, origin, start, end, chance) {
  const writer = new Writer();
  writer.bytes(1, Buffer.from(traceId, 'hex'));
  writer.bytes(2, Buffer.from(spanId(index), 'hex'));
  if (parent >= 0) writer.bytes(4, Buffer.from(spanId(parent), 'hex'));
  writer.text(5, name);
  writer.number(6, parent < 0 ? 1 : 1 + (index % 3));
  writer.fixed(7, origin + BigInt(Math.round(start)));
  writer.fixed(8, origin + BigInt(Math.round(end)));
  writer.message(9, attribute('http.route', `/api/${name.split(' ')[1] ?? ''}`));
  writer.message(9, attribute('tenant', `tenant-${index % 17}`));
  if (parent < 0) writer.message(9, attribute('throughline.action', 'click'));
  if (chance > 0.967) {
    const event = new Writer();
    event.fixed(1, origin + BigInt(Math.round((start + end) / 2)));
    event.text(2, 'cache miss');
    writer.message(11, event);
  }
  if (chance < 0.005) {
    const status = new Writer();
    status.text(2, 'connection reset by peer');
    status.number(3, 2);
    writer.message(15, status);
  }
  return { service, writer };
}

function attribute(key, value) {
  const any = new Writer();
  any.text(1, value);
  const pair = new Writer();
  pair.text(1, key);
  pair.message(2, any);
  return pair;
}

async function post(ingestUrl, spans) {
  const request = new Writer();
  for (const [number, service] of SERVICES.entries()) {
    const own = spans.filter((span) => span.service === number);
    if (own.length === 0) continue;
    const resource = new Writer();
    resource.message(1, attribute('service.name', service));
    if (number === 0) resource.message(1, attribute('telemetry.sdk.language', 'webjs'));
    const scope = new Writer();
    for (const { writer } of own) scope.message(2, writer);
    const group = new Writer();
    group.message(1, resource);
    group.message(2, scope);
    request.message(1, group);
  }
  for (;;) {
    const response = await fetch(`${ingestUrl}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: request.take() });
    if (response.ok) return;
    if (response.status !== 429 && response.status !== 503) throw new Error(`export answered ${response.status}: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get('retry-after') ?? 1)));
  }
}

/** Protobuf, as much of it as a span takes. */
class Writer {
  /** @type {Buffer[]} */
  parts = [];
  size = 0;

  /** @param {Buffer} bytes */
  add(bytes) {
    this.parts.push(bytes);
    this.size += bytes.length;
  }

  varint(value) {
    const bytes = [];
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
    bytes.push(value);
    this.add(Buffer.from(bytes));
  }

  bytes(field, bytes) {
    this.varint(field * 8 + 2);
    this.varint(bytes.length);
    this.add(bytes);
  }

  text(field, text) {
    this.bytes(field, Buffer.from(text));
  }

  number(field, value) {
    this.varint(field * 8);
    this.varint(value);
  }

  fixed(field, value) {
    this.varint(field * 8 + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.add(bytes);
  }

  /** @param {Writer} message */
  message(field, message) {
    this.varint(field * 8 + 2);
    this.varint(message.size);
    this.parts.push(...message.parts);
    this.size += message.size;
  }

  take() {
    return Buffer.concat(this.parts, this.size);
  }
}
