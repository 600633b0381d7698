import assert from 'node:assert/strict';
import { test } from 'node:test';

import { headersOf, idShape, originPattern } from './propagation.js';

const TRACE = '5759e988bd862e3fe1be46a994272793';
const SPAN = '53995c3f42cd8ad8';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;
const none = () => false;

function headers(propagators, { traceparent = PARENT, tracestate = '', baggage = {}, has = none } = {}) {
  return Object.fromEntries(headersOf(propagators, traceparent, tracestate, baggage, has));
}

// The expectations are the examples of each format's own specification, spelled for one pair of ids.
for (const [propagator, traceparent, expected, reason] of [
  ['tracecontext', PARENT, { traceparent: PARENT }, 'W3C Trace Context §3.2'],
  ['tracecontext', UNSAMPLED, { traceparent: UNSAMPLED }, 'the flag is passed on'],
  ['b3', PARENT, { b3: `${TRACE}-${SPAN}-1` }, 'b3-propagation, single header'],
  ['b3', UNSAMPLED, { b3: `${TRACE}-${SPAN}-0` }, 'b3-propagation, single header, denied'],
  ['b3multi', PARENT, { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }, 'b3-propagation, multiple headers'],
  ['b3multi', UNSAMPLED, { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '0' }, 'denied'],
  ['jaeger', PARENT, { 'uber-trace-id': `${TRACE}:${SPAN}:0:01` }, 'Jaeger client libraries, propagation format'],
  ['jaeger', UNSAMPLED, { 'uber-trace-id': `${TRACE}:${SPAN}:0:00` }, 'not sampled'],
  ['ottrace', PARENT, { 'ot-tracer-traceid': 'e1be46a994272793', 'ot-tracer-spanid': SPAN, 'ot-tracer-sampled': 'true' }, 'the lower half of the id'],
  ['ottrace', UNSAMPLED, { 'ot-tracer-traceid': 'e1be46a994272793', 'ot-tracer-spanid': SPAN, 'ot-tracer-sampled': 'false' }, 'not sampled'],
  ['xcloud', PARENT, { 'x-cloud-trace-context': `${TRACE}/6023947403358210776;o=1` }, 'the span id is decimal, beyond 2^53'],
  ['xcloud', UNSAMPLED, { 'x-cloud-trace-context': `${TRACE}/6023947403358210776;o=0` }, 'not sampled'],
  ['xcloud', `00-${TRACE}-ffffffffffffffff-01`, { 'x-cloud-trace-context': `${TRACE}/18446744073709551615;o=1` }, 'the largest id'],
  ['xray', PARENT, { 'x-amzn-trace-id': `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${SPAN};Sampled=1` }, "the example of AWS's documentation"],
  ['xray', UNSAMPLED, { 'x-amzn-trace-id': `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${SPAN};Sampled=0` }, 'not sampled'],
]) {
  test(`${propagator}: ${reason}`, () => assert.deepEqual(headers([propagator], { traceparent }), expected));
}

test('several formats are all set, each once', () => {
  assert.deepEqual(Object.keys(headers(['tracecontext', 'b3', 'xray'])), ['traceparent', 'b3', 'x-amzn-trace-id']);
});

test('a name that stands for no format sets nothing', () => {
  assert.deepEqual(headers(['zipkin', 'constructor', 'toString']), {});
  assert.deepEqual(Object.keys(headers(['zipkin', 'tracecontext'])), ['traceparent']);
});

test('the state of the trace travels with W3C only', () => {
  assert.deepEqual(headers(['tracecontext', 'b3'], { tracestate: 'tl=p:8' }), { traceparent: PARENT, tracestate: 'tl=p:8', b3: `${TRACE}-${SPAN}-1` });
});

for (const own of ['traceparent', 'tracestate', 'b3']) {
  test(`where the application sets ${own} itself, no context of ours contradicts it`, () => {
    const has = (name) => name === own;
    assert.deepEqual(headers(['tracecontext', 'b3', 'baggage'], { baggage: { a: 1 }, has }), { baggage: 'a=1' });
  });
}

test('baggage that the application sets stays as it is, and the context is set', () => {
  assert.deepEqual(headers(['tracecontext', 'baggage'], { baggage: { a: 1 }, has: (name) => name === 'baggage' }), { traceparent: PARENT });
});

test('a foreign format that is not chosen does not count', () => {
  assert.deepEqual(headers(['tracecontext'], { has: (name) => name === 'b3' }), { traceparent: PARENT });
});

for (const [entries, expected, reason] of [
  [{}, undefined, 'no header without members'],
  [{ 'booking.id': '42' }, 'booking.id=42', 'a member'],
  [{ a: '1', b: 'two words' }, 'a=1,b=two%20words', 'a space'],
  [{ a: ',;=\\"%' }, 'a=%2C%3B%3D%5C%22%25', 'what divides members'],
  [{ a: 'Jürgen 💺' }, 'a=J%C3%BCrgen%20%F0%9F%92%BA', 'UTF-8'],
  [{ a: '\ud800x' }, 'a=%EF%BF%BDx', 'half of a surrogate pair'],
  [{ a: '\r\nx-evil: 1' }, 'a=%0D%0Ax-evil%3A%201', 'line ends cannot make a header'],
  [{ a: '' }, 'a=', 'an empty value'],
  [{ a: 7, b: true }, 'a=7,b=true', 'values that are no texts'],
  [{ 'two words': 1, 'k=': 1, 'ключ': 1, '': 1, ok: 1 }, 'ok=1', 'keys that are no tokens are left out'],
  [{ "!#$%&'*+-.^_`|~aZ09": 1 }, "!#$%&'*+-.^_`|~aZ09=1", 'every character of a token'],
]) {
  test(`baggage: ${reason}`, () => assert.equal(headers(['baggage'], { baggage: entries }).baggage, expected));
}

test('baggage holds 64 members', () => {
  const entries = Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`k${at}`, at]));
  const { baggage } = headers(['baggage'], { baggage: entries });
  assert.equal(baggage.split(',').length, 64);
  assert.ok(baggage.endsWith('k63=63'));
});

for (const [length, kept] of [[8_190, true], [8_191, false]]) {
  test(`baggage holds 8192 bytes: a value of ${length} is ${kept ? 'kept' : 'left out, and costs only itself'}`, () => {
    const { baggage } = headers(['baggage'], { baggage: { a: 'v'.repeat(length), b: 2 } });
    assert.equal(baggage.length, kept ? 8_192 : 3);
  });
}

test('several members share the 8192 bytes, commas counted', () => {
  const entries = { a: 'v'.repeat(4_000), b: 'v'.repeat(4_000), c: 'v'.repeat(200), d: 'v'.repeat(184), e: 1 };
  const { baggage } = headers(['baggage'], { baggage: entries });
  assert.equal(baggage.length, 8_192);
  assert.deepEqual(baggage.split(',').map((member) => member[0]), ['a', 'b', 'd']);
});

test('Jaeger and OpenTracing carry baggage in headers of their own', () => {
  const entries = { user: 'a b', line: 'x\r\ny: z', name: 'ü' };
  assert.deepEqual(headers(['jaeger'], { baggage: entries, has: (name) => name === 'uber-trace-id' }), {
    'uberctx-user': 'a%20b',
    'uberctx-line': 'x%0D%0Ay%3A%20z',
    'uberctx-name': '%C3%BC',
  });
  // No header may hold the others, and the format does not encode.
  assert.deepEqual(headers(['ottrace'], { baggage: entries, has: (name) => name === 'ot-tracer-traceid' }), { 'ot-baggage-user': 'a b' });
});

test('no header ever holds what a header may not', () => {
  const hostile = ['\r\n', '\0', '\u2028', 'é', '\ud800', ',', ';', '"', '\\', '\t', '%', '=', '💺', ' '];
  let seed = 1;
  const random = (below) => ((seed = (seed * 48_271) % 2_147_483_647) >>> 0) % below;
  const text = () => Array.from({ length: random(8) }, () => hostile[random(hostile.length)] + random(10)).join('');
  for (let round = 0; round < 2_000; round++) {
    const baggage = { [text()]: text(), [`k${text()}`]: text(), k: text() };
    for (const [name, value] of headersOf(['tracecontext', 'baggage', 'jaeger', 'ottrace'], PARENT, '', baggage, none)) {
      assert.match(name, /^[\w!#$%&'*+.^`|~-]+$/);
      assert.match(value, /^[ -~]*$/);
    }
  }
});

test('X-Ray asks for ids with a time, OpenTracing for short ones', () => {
  assert.deepEqual([['tracecontext', 'xray'], ['ottrace'], ['xray', 'ottrace'], ['tracecontext', 'baggage']].map(idShape), [1, 2, 1, 0]);
});

for (const [entry, allowed, refused] of [
  ['https://api.shop.example', ['https://api.shop.example'], ['http://api.shop.example', 'https://api.shop.example:8443', 'https://x.api.shop.example', 'https://api-shop.example', 'https://apixshop.example']],
  ['https://api.shop.example/', ['https://api.shop.example'], []],
  ['https://api.shop.example:8443', ['https://api.shop.example:8443'], ['https://api.shop.example']],
  ['https://api.shop.example:443', ['https://api.shop.example'], ['https://api.shop.example:8443']],
  ['http://127.0.0.1:8080', ['http://127.0.0.1:8080'], ['http://127.0.0.1', 'https://127.0.0.1:8080', 'http://127a0.0.1:8080']],
  ['http://[::1]:8080', ['http://[::1]:8080'], ['http://[::1]']],
  ['https://*.shop.example', ['https://api.shop.example', 'https://a.b.shop.example'], ['https://shop.example', 'https://evilshop.example', 'http://api.shop.example', 'https://api.shop.example:8443', 'https://api.shop.example.evil.example', 'https://shop.example.evil.example']],
  ['*.shop.example', ['https://api.shop.example', 'http://api.shop.example'], ['https://shop.example', 'wss://api.shop.example', 'https://api.shop.example.evil']],
  ['*.shop.example:8443', ['https://api.shop.example:8443'], ['https://api.shop.example']],
  ['api.shop.example', ['https://api.shop.example', 'http://api.shop.example'], ['https://x.api.shop.example']],
  ['HTTPS://API.Shop.Example'.toLowerCase(), ['https://api.shop.example'], []],
  ['https://Api.Shop.Example', ['https://api.shop.example'], []],
  ['https://bücher.example', ['https://xn--bcher-kva.example'], []],
]) {
  test(`${entry} allows exactly what it says`, () => {
    const pattern = originPattern(entry);
    for (const origin of allowed) assert.ok(pattern.test(origin), `${origin} by ${pattern}`);
    for (const origin of refused) assert.ok(!pattern.test(origin), `${origin} by ${pattern}`);
  });
}

for (const entry of ['', '*', 'https://*', 'https://*shop.example', 'https://api.*', 'https://*.*.example', 'https://shop.example/api', 'ftp://shop.example', 'https://a b.example']) {
  test(`${JSON.stringify(entry)} is no origin`, () => assert.throws(() => originPattern(entry)));
}
