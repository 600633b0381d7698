// Makes up a recording in rrweb's format: a page of some thousand nodes that never stands still.

const ELEMENT = 2;
const TEXT = 3;

/**
 * A list of rows that change: ten times a second some texts, classes and styles, and a row that comes or goes; the mouse moves twice
 * a second, the page scrolls, and a whole picture is taken every two minutes, as the recorder does.
 *
 * @param {{minutes?: number, nodes?: number, start?: number, pictureMillis?: number}} [options]
 * @returns {object[]} events
 */
export function recording({ minutes = 10, nodes = 2_000, start = Date.UTC(2026, 0, 1), pictureMillis = 120_000 } = {}) {
  const random = randomFrom(7);
  const PER_ROW = 8;
  let next = 10;
  const text = (words) => Array.from({ length: words }, () => '•'.repeat(2 + Math.floor(random() * 8))).join(' ');
  const leaf = (textContent) => ({ type: TEXT, id: next++, textContent });
  const element = (tagName, attributes, ...childNodes) => ({ type: ELEMENT, id: next++, tagName, attributes, childNodes });
  const row = () =>
    element('li', { class: 'row' }, element('span', { class: 'name', style: 'width: 120px' }, leaf(text(2))), element('b', { class: 'value' }, leaf(text(1))), element('i', { class: 'bar', style: 'width: 40%' }), leaf(' '));
  const rows = Array.from({ length: Math.floor(nodes / PER_ROW) }, row);
  const sheet = element(
    'style',
    {},
    leaf('body{font:14px/1.5 sans-serif;margin:16px}ul{list-style:none;padding:0}.row{display:grid;grid-template-columns:160px 80px 1fr;border-bottom:1px solid #ddd}.row--hot{background:#fee}.bar{height:8px;background:#48c}'),
  );
  const title = element('h1', {}, leaf(text(3)));
  const listId = next++;
  const headId = next++;
  const bodyId = next++;
  const htmlId = next++;
  const picture = () => ({
    type: 0,
    id: 1,
    childNodes: [
      { type: 1, id: 2, name: 'html', publicId: '', systemId: '' },
      {
        type: ELEMENT, id: htmlId, tagName: 'html', attributes: { lang: 'en' },
        childNodes: [
          { type: ELEMENT, id: headId, tagName: 'head', attributes: {}, childNodes: [sheet] },
          { type: ELEMENT, id: bodyId, tagName: 'body', attributes: {}, childNodes: [title, { type: ELEMENT, id: listId, tagName: 'ul', attributes: {}, childNodes: rows }] },
        ],
      },
    ],
  });
  const events = [];
  const add = (at, type, data) => events.push({ type, timestamp: start + at, data: structuredClone(data) });
  const change = (at, data) => add(at, 3, data);
  const pick = () => rows[Math.floor(random() * rows.length)];
  const length = minutes * 60_000;
  for (let at = 0; at < length; at += 100) {
    if (at % pictureMillis === 0) {
      add(at, 4, { href: 'https://shop.example/', width: 1280, height: 800 });
      add(at, 2, { node: picture(), initialOffset: { top: 0, left: 0 } });
      continue;
    }
    const texts = Array.from({ length: 4 }, () => {
      const [leafNode] = pick().childNodes[0].childNodes;
      leafNode.textContent = text(2);
      return { id: leafNode.id, value: leafNode.textContent };
    });
    const attributes = Array.from({ length: 4 }, (_, index) => {
      const one = pick();
      if (index % 2) {
        const hot = one.attributes.class === 'row' ? 'row row--hot' : 'row';
        one.attributes.class = hot;
        return { id: one.id, attributes: { class: hot } };
      }
      const bar = one.childNodes[2];
      const width = `${Math.floor(random() * 100)}%`;
      bar.attributes.style = `width: ${width}`;
      return { id: bar.id, attributes: { style: { width } } };
    });
    const removes = [];
    const adds = [];
    if (at % 200) {
      const fresh = row();
      const before = rows[0];
      rows.unshift(fresh);
      adds.push(...additions(fresh, listId, before.id));
    } else {
      const gone = rows.pop();
      removes.push({ parentId: listId, id: gone.id });
    }
    const alive = new Set();
    for (const one of rows) collect(one, alive);
    const lives = ({ id }) => alive.has(id);
    change(at, { source: 0, texts: texts.filter(lives), attributes: attributes.filter(lives), removes, adds });
    if (at % 500 === 0) change(at + 20, { source: 1, positions: [{ x: random() * 1200, y: random() * 700, id: bodyId, timeOffset: 0 }] });
    if (at % 5_000 === 0) change(at + 40, { source: 3, id: 1, x: 0, y: Math.floor(random() * 3_000) });
  }
  return events;
}

/** As rrweb writes what was added: each node by itself, those after it first. */
function additions(node, parentId, nextId) {
  const { childNodes = [], ...own } = node;
  const out = [{ parentId, nextId, node: node.type === ELEMENT ? { ...own, childNodes: [] } : own }];
  for (let index = childNodes.length - 1; index >= 0; index--) out.push(...additions(childNodes[index], node.id, childNodes[index + 1]?.id ?? null));
  return out;
}

function collect(node, into) {
  into.add(node.id);
  for (const child of node.childNodes ?? []) collect(child, into);
}

/** Numbers from 0 up to 1, the same in every run (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
