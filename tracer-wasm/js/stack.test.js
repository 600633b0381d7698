// Line and column of a frame stay where its query goes; a message stays as it is.
import assert from 'node:assert/strict';
import test from 'node:test';

import { plainFrames } from './stack.js';

for (const [stack, plain, reason] of [
  ['    at f (https://h.example/app.js?v=12:30:4)', '    at f (https://h.example/app.js:30:4)', 'V8'],
  ['    at https://h.example/app.js?v=1:30:4', '    at https://h.example/app.js:30:4', 'V8, no function'],
  ['f@https://h.example/app.js?v=12:30:4\n@https://h.example/b.js?w:1:20\n', 'f@https://h.example/app.js:30:4\n@https://h.example/b.js:1:20\n', 'Gecko'],
  ['Error: GET /a?at=12:30:4\n    at f (https://h.example/b.js:1:20)', 'Error: GET /a?at=12:30:4\n    at f (https://h.example/b.js:1:20)', 'a message'],
  ['    at async Promise.all (index 0)', '    at async Promise.all (index 0)', 'no place'],
  ['', '', 'no stack'],
  [undefined, undefined, 'no string'],
]) {
  test(`${reason}: ${JSON.stringify(stack)}`, () => {
    assert.equal(plainFrames(stack), plain);
    assert.equal(plainFrames(plain), plain);
  });
}
