// Of any recording, what is played loads, sends and does nothing, and is of a shape that a player can go through.

import assert from 'node:assert/strict';
import test from 'node:test';

import { clean } from './clean.js';

const element = (tagName, attributes = {}, ...childNodes) => ({ type: 2, id: 7, tagName, attributes, childNodes });
const picture = (...childNodes) => ({ type: 2, timestamp: 1, data: { node: { type: 0, id: 1, childNodes } } });
const first = (events) => events[0].data.node.childNodes[0];
const change = (data) => ({ type: 3, timestamp: 2, data });

test('what acts or asks for something is an empty element, and its number stays taken', () => {
  for (const tag of ['script', 'SCRIPT', 'svg:script', 'noscript', 'object', 'embed', 'base', 'meta', 'frame', 'animate', 'set', 'video', 'audio', 'portal', 'a b', '']) {
    const kept = first(clean([picture(element(tag, { src: '//e.example' }, { type: 3, id: 8, textContent: 'run()' }))]));
    assert.deepEqual(kept, { type: 2, id: 7, tagName: 'template', attributes: {}, childNodes: [] }, tag);
  }
  assert.equal(first(clean([picture(element('link', { rel: 'preconnect', href: '//e.example' }))])).tagName, 'template');
  assert.deepEqual(first(clean([picture(element('link', { rel: 'stylesheet', href: '//e.example', _cssText: 'a{}' }))])).attributes, { rel: 'stylesheet', _cssText: 'a{}' });
});

test('attributes keep looks, and lose programs and addresses', () => {
  const hostile = {
    onclick: 'x()', ONERROR: 'x()', srcdoc: '<script>', src: 'https://e.example/x.png', href: ' java\tscript:x()', 'xlink:href': 'https://e.example/#a', srcset: 'https://e.example 1x',
    action: '//e.example', formaction: '//e.example', ping: '//e.example', background: '//e.example', poster: '//e.example', autofocus: '', target: '_top', is: 'x-y', 'http-equiv': 'refresh',
    rr_dataURL: 'https://e.example/x.png', rr_src: 'https://e.example',
    style: 'background: url(https://e.example/x.png); color: red', fill: 'url(https://e.example/x#a)', class: 'c', rr_width: '10px', width: 3,
  };
  assert.deepEqual(first(clean([picture(element('div', hostile))])).attributes, { style: 'background: url(); color: red', fill: 'url()', class: 'c', rr_width: '10px', width: 3 });
  assert.deepEqual(first(clean([picture(element('img', { src: 'data:image/png;base64,AA' }))])).attributes, { src: 'data:image/png;base64,AA' });
  assert.deepEqual(first(clean([picture(element('use', { 'xlink:href': '#icon', href: 'data:text/html,<script>' }))])).attributes, { 'xlink:href': '#icon' });
});

test('style sheets load nothing', () => {
  const text = '@import url(//e.example/a.css); @import "//e.example/b.css"; a { background: url("https://e.example/x"); mask: image-set("https://e.example/y" 1x) } b { background: url(data:image/png;base64,AA) }';
  const kept = first(clean([picture(element('style', {}, { type: 3, id: 8, textContent: text }))])).childNodes[0].textContent;
  assert.ok(!kept.includes('e.example/a') && !kept.includes('e.example/b') && !kept.includes('e.example/x') && !kept.includes('image-set('), kept);
  assert.ok(kept.includes('data:image/png'));
  const [, rules] = clean([picture(), change({ source: 8, id: 3, adds: [{ rule: 'a{background:url(//e.example)}', index: 0 }] })]);
  assert.equal(rules.data.adds[0].rule, 'a{background:url()}');
});

test('a page has the colours that its visitor prefers, and a viewer’s where nothing is known', () => {
  const text = ':root { color-scheme: light dark } @media (prefers-color-scheme: dark) { a { color: red } } @media not ( PREFERS-color-scheme:light ) { b { color: red } } c { --x-color-scheme: light dark; color-scheme: only light }';
  const style = (scheme) => first(clean([picture(element('style', { media: '(prefers-color-scheme: dark)' }, { type: 3, id: 8, textContent: text }))], scheme));
  const dark = style('dark');
  assert.equal(dark.childNodes[0].textContent, ':root { color-scheme: dark} @media (min-width: 0px) { a { color: red } } @media not (max-width: -1px) { b { color: red } } c { --x-color-scheme: light dark; color-scheme: only light }');
  assert.equal(dark.attributes.media, '(min-width: 0px)');
  assert.match(style('light').childNodes[0].textContent, /@media \(max-width: -1px\) \{ a/);
  for (const unknown of [undefined, null, 'sepia', '.*']) assert.equal(style(unknown).childNodes[0].textContent, text);
});

test('changes are held to the same rules', () => {
  const [, kept] = clean([
    picture(),
    change({
      source: 0, removes: [null, { id: 'x' }, { id: 4, parentId: 2 }], texts: [{ id: 5, value: 'ok' }, 3], attributes: [{ id: 6, attributes: { onclick: 'x()', style: { background: 'url(//e.example)' } } }],
      adds: [{ parentId: 2, nextId: null, node: element('embed', { src: 'x' }) }, { parentId: 7, nextId: null, node: element('p') }, { parentId: 2, node: { type: 99, id: 1 } }, null],
    }),
  ]);
  assert.deepEqual(kept.data, {
    source: 0, removes: [{ id: 4, parentId: 2 }], texts: [{ id: 5, value: 'ok' }], attributes: [{ id: 6, attributes: { style: { background: 'url()' } } }],
    adds: [{ parentId: 2, nextId: null, node: { type: 2, id: 7, tagName: 'template', attributes: {}, childNodes: [] } }],
  });
});

test('what is not known, or of no shape, is left out', () => {
  const hostile = [
    null, 'text', [], { type: 2 }, { type: 2, timestamp: 1, data: {} }, { type: 2, timestamp: NaN, data: { node: {} } }, { type: 2, timestamp: 1, data: { node: element('html') } },
    change({ source: 9, commands: [] }), change({ source: 10, fontSource: '//e.example' }), change({ source: 2, id: 1, type: 'constructor' }), change({ source: 1, positions: [] }), change(null),
    { type: 6, timestamp: 1, data: { plugin: 'x' } }, { type: 5, timestamp: 1, data: { tag: 'x', payload: {} } }, { type: 3, timestamp: 1e300, data: { source: 4, width: 1, height: 1 } },
  ];
  assert.deepEqual(clean(hostile), []);
  for (const nothing of [undefined, null, 'text', 5, {}]) assert.deepEqual(clean(nothing), []);
});

test('sizes and depths have an end', () => {
  const [meta, resize] = clean([{ type: 4, timestamp: 1, data: { width: 1e12, height: -5 } }, change({ source: 4, width: 'x', height: 1e9 })]);
  assert.deepEqual([meta.data.width, meta.data.height, resize.data.width, resize.data.height], [16_384, 1, 1, 16_384]);
  let deep = element('div');
  for (let depth = 0; depth < 5_000; depth++) deep = element('div', {}, deep);
  let depth = 0;
  for (let node = clean([picture(deep)])[0].data.node; node; [node] = node.childNodes) depth += 1;
  assert.ok(depth < 600, depth);
});

test('events come by time', () => {
  const at = (timestamp) => ({ type: 3, timestamp, data: { source: 4, width: 1, height: 1 } });
  assert.deepEqual(clean([at(3), at(1), at(2)]).map(({ timestamp }) => timestamp), [1, 2, 3]);
});
