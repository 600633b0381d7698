// The tracer is a guest: whatever a page can observe of its functions is as it would be without the tag.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, press, test } from '../harness/fixtures.js';

const SOURCE = await readFile(join(import.meta.dirname, '../pages/manners-probes.js'), 'utf8');
const PROBES = [...SOURCE.matchAll(/^ {4}(?:async )?'([^']+)'\(\) \{$/gm)].map(([, name]) => name);

/** The tracer adds these to requests of the same origin. */
const PROPAGATION_HEADERS = ['traceparent', 'tracestate', 'baggage'];

/**
 * The one difference that a page may see, beside the descriptor of `Promise.prototype.constructor`, which no probe reads:
 * a promise whose `constructor` is read by hand while an action is open, which rejects later, and which nobody handles.
 * The read is how an `await` announces itself, and the reaction that follows it marks the promise as handled; nothing
 * tells the two readers apart before the rejection.
 */
const EXEMPT = { probe: 'unhandled rejections', part: 'rejected later, constructor read by hand, never handled', native: ['unhandledrejection Error: later'], traced: [] };

/** What legitimately differs between two pages, whoever serves them. */
function comparable(value) {
  const text = JSON.stringify(value, (key, member) => (PROPAGATION_HEADERS.includes(key) ? undefined : member));
  return JSON.parse(text.replaceAll(/\/p\/\d+\//g, '/p/'));
}

async function probe(page, url, name, inAction) {
  await page.goto(url);
  if (!inAction) return page.evaluate((wanted) => window.run(wanted), name);
  await page.evaluate((wanted) => {
    window.wanted = wanted;
  }, name);
  await press(page, page.locator('#probe'));
  return page.evaluate(() => window.probed);
}

test('there are probes, and they know the page without a tag from one with a careless tracer', async ({ page, app }) => {
  expect(PROBES.length).toBeGreaterThan(20);
  await page.goto(app.publish('manners.html'));
  expect(await page.evaluate(() => window.probeNames)).toEqual(PROBES);
  const careless = `<script>const native = fetch; window.fetch = (...args) => native(...args); const then = Promise.prototype.then; Promise.prototype.then = function (a, b) { return then.call(this, a && ((v) => a(v)), b); };</script>`;
  const name = 'names, lengths, texts and descriptors of patched functions';
  const clean = comparable(await probe(page, app.publish('manners.html'), name, false));
  const touched = comparable(await probe(page, app.publish('manners.html', { tag: careless }), name, false));
  expect(touched['window.fetch']).not.toEqual(clean['window.fetch']);
  expect(touched['Promise.prototype.then']).not.toEqual(clean['Promise.prototype.then']);
});

for (const name of PROBES) {
  for (const inAction of [false, true]) {
    test(`${name}: as without the tag${inAction ? ', in a click' : ''}`, async ({ page, app, throughline, service }) => {
      const without = await probe(page, app.publish('manners.html'), name, inAction);
      const url = app.publish('manners.html', { tag: throughline.tag(service) });
      const within = await probe(page, url, name, inAction);
      expect(await page.evaluate(() => typeof window.throughline)).toBe('object');
      if (name === EXEMPT.probe && inAction) {
        expect(without[EXEMPT.part]).toEqual(EXEMPT.native);
        expect(within[EXEMPT.part]).toEqual(EXEMPT.traced);
        within[EXEMPT.part] = without[EXEMPT.part];
      }
      expect(comparable(within)).toEqual(comparable(without));
    });
  }
}

const NAMESAKES = await readFile(join(import.meta.dirname, '../pages/namesakes.js'), 'utf8');

for (const [when, namesakes] of [
  ['before', NAMESAKES],
  // What is in the place of the browser's own then, and what every event is, the tracer has to take for it.
  ['behind', NAMESAKES.split('// In the place')[0].replace('class Event {}', '')],
]) {
  test(`a page may have things of its own that are called as the browser's, the tag ${when} them`, async ({ page, app, throughline, service, complaints }) => {
    const names = `<script>${namesakes}</script>`;
    const tag = throughline.tag(service);
    await page.goto(app.publish('namesakes.html', { tag: when === 'before' ? tag + names : names + tag }));
    // It ends when the late half is there.
    await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name.startsWith('load '), 'of the load');
    // Playwright's own scripts trip over such names.
    const box = await page.locator('#act').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const trace = await throughline.waitForTraceOf(service, ({ roots }) => roots[0].attributes['throughline.action'] === 'click', 'of the click');
    const [root] = trace.roots;
    expect(root.name).toBe('click "Act"');
    expect(root.attributes['throughline.step.selectors']).toEqual(['role=button[name="Act"]', 'css=#act']);
    for (const path of ['/api/own', '/api/older']) {
      const span = trace.only(`GET ${path}`);
      expect(app.received(path).at(-1).headers.traceparent).toContain(span.spanId);
    }
    expect(complaints.errors).toEqual([]);
  });
}

test('no property of the tracer that its build renames has the name of one of the browser\'s', async ({ page, app }) => {
  const renamed = Object.keys(JSON.parse(await readFile(join(import.meta.dirname, '../../target/tracer/mangled.json'), 'utf8')));
  expect(renamed.length).toBeGreaterThan(30);
  await page.goto(app.publish('manners.html'));
  const taken = await page.evaluate((names) => {
    const known = new Set();
    const seen = new Set();
    const look = (object) => {
      if (!object || seen.has(object) || !/object|function/.test(typeof object)) return;
      seen.add(object);
      for (const key of Reflect.ownKeys(object)) known.add(key);
      look(Object.getPrototypeOf(object));
    };
    for (const key of Reflect.ownKeys(window)) {
      known.add(key);
      const { value } = Object.getOwnPropertyDescriptor(window, key);
      look(value);
      look(value?.prototype);
    }
    look(document);
    look(navigator);
    return { names: names.filter((name) => known.has(name)), control: ['addEventListener', 'keepalive', 'interactionId'].filter((name) => !known.has(name)) };
  }, renamed);
  expect(taken).toEqual({ names: [], control: [] });
});
