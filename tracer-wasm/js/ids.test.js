import assert from 'node:assert/strict';
import { test } from 'node:test';

import { random, traceId } from './ids.js';

test('an id has as many digits as were asked for, and comes once', () => {
  const seen = new Set();
  for (let i = 0; i < 1_000; i++) {
    for (const length of [16, 32]) {
      const id = random(length);
      assert.match(id, /^[\da-f]+$/);
      assert.equal(id.length, length);
      seen.add(id);
    }
  }
  assert.equal(seen.size, 2_000);
});

test('a trace id has the shape that a format needs', () => {
  assert.match(traceId(0x5759e988 * 1_000 + 999, 1), /^5759e988[\da-f]{24}$/);
  assert.match(traceId(1_000, 1), /^00000001[\da-f]{24}$/);
  assert.match(traceId(0, 2), /^0{16}[\da-f]{16}$/);
  assert.match(traceId(0, 0), /^[\da-f]{32}$/);
});
