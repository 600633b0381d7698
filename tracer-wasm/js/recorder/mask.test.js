// No text, value or address of a page is in what is kept of its recording.

import assert from 'node:assert/strict';
import test from 'node:test';

import { bare, masker } from './mask.js';

const SECRET = 'Hunter2';
const element = (id, tagName, attributes = {}, ...childNodes) => ({ type: 2, id, tagName, attributes, childNodes });
const text = (id, textContent) => ({ type: 3, id, textContent });
const snapshot = (...childNodes) => ({ type: 2, timestamp: 1, data: { node: { type: 0, id: 1, childNodes }, initialOffset: { top: 0, left: 0 } } });
const change = (data) => ({ type: 3, timestamp: 2, data });

test('a picture keeps shape and styles, and nothing that somebody wrote', () => {
  const named = Object.fromEntries(['title', 'placeholder', 'aria-label', 'data-card', 'value', 'alt', 'href', 'src', 'srcset', 'id', 'name', 'content'].map((name) => [name, SECRET]));
  const kept = masker()(
    snapshot(
      element(2, 'style', {}, text(3, `.a{color:red;background:url(/${SECRET}.png)}.b::after{content:"${SECRET}"}`)),
      element(4, 'p', { ...named, class: 'lead', style: `background:url("https://x/${SECRET}")` }, text(5, `Dear ${SECRET}, hello`)),
      { type: 5, id: 6, textContent: SECRET },
    ),
  );
  const written = JSON.stringify(kept);
  assert.ok(!written.includes(SECRET), written);
  const [style, paragraph] = kept.data.node.childNodes;
  assert.match(style.childNodes[0].textContent, /color:red/);
  assert.deepEqual(Object.keys(paragraph.attributes), ['class', 'style']);
  assert.equal(paragraph.childNodes[0].textContent, '•••• •••••••• •••••');
});

test('changes are held to the same rules', () => {
  const mask = masker();
  mask(snapshot(element(2, 'style', {}, text(3, 'a{}'))));
  const kept = [
    change({ source: 0, removes: [], texts: [{ id: 9, value: SECRET }, { id: 3, value: 'a{color:blue}' }], attributes: [{ id: 4, attributes: { title: SECRET, class: 'open', style: { 'background-image': [`url(${SECRET})`, ''] } } }], adds: [{ parentId: 4, nextId: null, node: text(10, SECRET) }] }),
    change({ source: 5, id: 4, text: SECRET, isChecked: false }),
    change({ source: 8, id: 2, adds: [{ rule: `a{background:url(${SECRET})}` }] }),
    { type: 4, timestamp: 3, data: { href: `https://shop.example/reset/${SECRET}?token=${SECRET}#${SECRET}`, width: 1, height: 2 } },
  ].map(mask);
  assert.ok(!JSON.stringify(kept).includes(SECRET));
  assert.equal(kept[0].data.texts[1].value, 'a{color:blue}');
  assert.equal(kept[1].data.text, '•••••••');
  assert.equal(kept[3].data.href, 'https://shop.example/reset/{id}');
});

test('what is not known, and what another library says, is left out', () => {
  const mask = masker();
  for (const event of [change({ source: 9, commands: [SECRET] }), change({ source: 10, fontSource: SECRET }), { type: 6, timestamp: 1, data: { payload: SECRET } }, { type: 5, timestamp: 1, data: { tag: 'other', payload: SECRET } }]) {
    assert.equal(mask(event), null);
  }
  const mark = { type: 5, timestamp: 1, data: { tag: 'throughline', payload: { traceId: 'a', spanId: 'b' } } };
  assert.deepEqual(mask(mark), mark);
});

test('masking what was masked changes nothing', () => {
  const mask = masker();
  const once = mask(snapshot(element(2, 'p', { class: 'a', title: SECRET }, text(3, SECRET))));
  assert.deepEqual(mask(structuredClone(once)), once);
});

test('an address keeps the words of its path', () => {
  assert.equal(bare('https://shop.example/films/4711/book?seat=F12'), 'https://shop.example/films/{id}/book');
  assert.equal(bare('not an address'), 'about:blank');
});
