// A trace in columns, as the server streams it (shared/src/columns): for traces too large to be sent as spans.

const MAGIC = Buffer.from('TLC1');
const CHUNK = { head: 1, texts: 2, rows: 3, end: 8 };
/** Spans in one chunk. */
const ROWS = 8_192;
/** What a row's flags say of a span without a parent. */
const ROOT = 1 << 7;
const INTERNAL = 1;

/** LEB128. @param {number} value */
function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  bytes.push(value);
  return bytes;
}

const zigzag = (value) => leb(value < 0 ? -2 * value - 1 : 2 * value);
const text = (words) => [...leb(Buffer.byteLength(words)), ...Buffer.from(words)];

/** @param {number} kind @param {number[]} content */
function chunk(kind, content) {
  const header = Buffer.alloc(5);
  header[0] = kind;
  header.writeUInt32LE(content.length, 1);
  return Buffer.concat([header, Buffer.from(content)]);
}

/**
 * A root that calls `groups` calls after one another, each of which makes `steps` calls: `1 + groups × (1 + steps)` rows,
 * no two alike next to each other.
 *
 * @param {string} traceId 32 hex digits
 * @param {number} groups
 * @param {number} steps
 */
export function largeTrace(traceId, groups, steps) {
  const count = 1 + groups * (1 + steps);
  const spans = [{ start: 0, duration: count, subtree: count, name: 0, flags: ROOT }];
  for (let group = 0; group < groups; group += 1) {
    const start = 1 + group * (1 + steps);
    spans.push({ start, duration: 1 + steps, subtree: 1 + steps, name: 1 + group, flags: 0 });
    for (let step = 0; step < steps; step += 1) spans.push({ start: start + step, duration: 1, subtree: 1, name: 1 + groups + step, flags: 0 });
  }
  const names = ['everything', ...Array.from({ length: groups }, (_, group) => `group ${group}`), ...Array.from({ length: steps }, (_, step) => `step ${step}`)];
  const begins = 1_764_000_000_000;
  // Nanoseconds are beyond what a number counts exactly; six zeros are in the last digits of both.
  const nanos = (millis) => leb64(BigInt(millis) * 1_000_000n);
  const head = [...Buffer.from(traceId, 'hex'), ...leb(count), ...nanos(begins), ...leb64(BigInt(begins) * 1_000_000n + BigInt(count)), 0, ...text(''), 1, 0, ...text('large')];
  const chunks = [MAGIC, chunk(CHUNK.head, head), chunk(CHUNK.texts, [...leb(names.length), ...names.flatMap(text)])];
  let before = 0;
  for (let first = 0; first < count; first += ROWS) {
    const rows = spans.slice(first, first + ROWS);
    const content = [...leb(rows.length)];
    for (let place = 0; place < rows.length; place += 1) {
      const id = Buffer.alloc(8);
      id.writeUInt32BE(first + place + 1, 4);
      content.push(...id);
    }
    for (const { start } of rows) {
      content.push(...zigzag(start - before));
      before = start;
    }
    for (const { duration } of rows) content.push(...zigzag(duration));
    for (const { subtree } of rows) content.push(...leb(subtree));
    for (const _ of rows) content.push(0);
    for (const { name } of rows) content.push(...leb(name + 1));
    for (const _ of rows) content.push(INTERNAL);
    for (const { flags } of rows) content.push(...leb(flags));
    chunks.push(chunk(CHUNK.rows, content));
  }
  return { count, body: Buffer.concat([...chunks, chunk(CHUNK.end, [])]) };
}

/** LEB128 of what no number holds exactly. @param {bigint} value */
function leb64(value) {
  const bytes = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  return bytes;
}
