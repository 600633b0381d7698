// What js/core.js hands over and what late/core.js takes are in one order.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const listIn = (file, start) =>
  new RegExp(`${start}([^;\\]]+)`).exec(readFileSync(new URL(file, import.meta.url), 'utf8'))[1].match(/\w+/g);

test('late/ takes what the tracer hands over', () => {
  const handed = listIn('core.js', 'core = \\[');
  assert.ok(handed.length > 20);
  assert.deepEqual(listIn('late/core.js', 'export let'), handed);
  assert.deepEqual(listIn('late/core.js', 'receive\\(core\\) \\{\\s+\\['), handed);
});
