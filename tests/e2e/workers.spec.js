// A worker that loads throughline.worker.js joins the traces of its page, and no application meets a message of ours.

import { expect, press, test } from '../harness/fixtures.js';
import { propagatedBy } from '../harness/page-server.js';
import { expectTrace } from '../harness/trace.js';

/** How a worker gets the tracer: what stands at the head of its script, and how the page starts it. */
const WAYS = {
  'importScripts from another origin': (app, { tracer }) => ({ url: app.publish('worker-errands.js', { tag: `importScripts('${tracer}');` }) }),
  'importScripts from the same origin': (app, { own }) => ({ url: app.publish('worker-errands.js', { tag: `importScripts('${own}');` }) }),
  'import of a module': (app, { tracer }) => ({ url: app.publish('worker-errands.js', { tag: `import '${tracer}';` }), options: { type: 'module', name: 'errands' } }),
  'the tracer first, which loads the worker': (app, { own }) => ({ url: `${own}#${app.publish('worker-errands.js', { tag: '' })}` }),
};

/** Has a click call a function of the page, with `worker` in its reach. */
async function click(page, button, work, argument) {
  await page.evaluate(
    ([id, text, value]) => {
      window[`on${id}`] = () => new Function('value', `return (${text})(value)`)(value);
    },
    [button, String(work), argument],
  );
  await press(page, page.locator(`#${button}`));
}

const settled = (page, button) => page.evaluate((id) => window[`${id}ed`], button);

/** The application's own messages, without what the tests' page adds. */
const OWN = [
  { id: 'fetch /api/own', errand: 'fetch', path: '/api/own' },
  { id: 'refused ', errand: 'refused' },
  { id: 'seen ', errand: 'seen' },
];

test.beforeEach(({ app, throughline }) => {
  app.collectorUrl = throughline.ingestUrl;
});

const scripts = (app, throughline) => ({ tracer: `${throughline.ingestUrl}/throughline.worker.js`, own: `${app.origin}/collector/throughline.worker.js` });

for (const [way, make] of Object.entries(WAYS)) {
  test(`${way}: what a worker does for a click is part of its trace, and so is what its answer causes`, async ({ page, app, throughline, service, complaints }) => {
    const { url, options } = make(app, scripts(app, throughline));
    const name = options?.name ?? (way.startsWith('the tracer') ? 'throughline.worker.js' : 'worker-errands.js');
    for (const started of ['at load', 'in the click']) {
      const path = `/api/${way.replaceAll(' ', '-').replaceAll(',', '')}/${started.replaceAll(' ', '-')}`;
      await page.goto(app.publish('worker-errands.html', { tag: throughline.tag(service) }));
      await page.evaluate(([script, settings, early]) => {
        window.start = () => window.makeWorker(script, settings);
        if (early) window.worker = window.start();
      }, [url, options, started === 'at load']);
      if (started === 'at load') {
        // Outside of any action: the request is a trace of its own, or untraced.
        await page.evaluate((at) => window.ask(window.worker, { errand: 'fetch', path: `${at}/idle` }), path);
      }
      await click(page, 'act', async (at) => {
        window.worker ??= window.start();
        await window.ask(window.worker, { errand: 'chain', path: `${at}/chain`, millis: 30 }, () => fetch(`${at}/answered`));
        await window.ask(window.worker, { errand: 'xhr', path: `${at}/xhr` });
      }, path);
      await settled(page, 'act');
      const first = propagatedBy(app.received(`${path}/chain-1`)[0]);
      expect(first).not.toBeNull();
      const trace = await throughline.waitForTrace(first.traceId, (read) => read.all(/GET .*(chain|xhr|answered)/).length === 5 && read.all(/^worker /).length === 2);
      expectTrace(trace).isWhole().hasRoot('click "Act"');
      for (const request of ['chain-1', 'chain-2', 'xhr', 'xhr-after']) expectTrace(trace).hasDirectChain(['click "Act"', `worker ${name}`, `GET ${path}/${request}`]);
      expectTrace(trace).hasDirectChain(['click "Act"', `GET ${path}/answered`]);
      for (const span of trace.all(/^GET/)) expect(span.attributes['throughline.causality']).toBe('exact');
      for (const worker of trace.all(/^worker/)) {
        for (const child of trace.childrenOf(worker)) {
          expect(child.startNanos).toBeGreaterThanOrEqual(worker.startNanos - 1_000_000n);
          expect(worker.endNanos).toBeGreaterThanOrEqual(child.startNanos);
        }
      }
      if (started === 'at load') expect(propagatedBy(app.received(`${path}/idle`)[0])?.traceId).not.toBe(first.traceId);
    }
    expect(complaints.errors).toEqual([]);
  });
}

test('two clicks that use one worker at the same time keep apart', async ({ page, app, throughline, service }) => {
  const url = app.publish('worker-errands.js', { tag: `importScripts('${scripts(app, throughline).tracer}');` });
  await page.goto(app.publish('worker-errands.html', { tag: throughline.tag(service) }));
  await page.evaluate((script) => {
    window.worker = window.makeWorker(script);
  }, url);
  const work = ([path, millis]) => window.ask(window.worker, { errand: 'chain', path, millis }, () => fetch(`${path}-answered`));
  await click(page, 'act', work, ['/api/slow', 300]);
  await click(page, 'other', work, ['/api/quick', 20]);
  await settled(page, 'act');
  await settled(page, 'other');
  for (const [path, label] of [['/api/slow', 'Act'], ['/api/quick', 'Other']]) {
    for (const part of ['-1', '-2', '-answered']) {
      const carried = propagatedBy(app.received(`${path}${part}`).at(-1));
      expect(carried, path + part).not.toBeNull();
      const trace = await throughline.waitForTrace(carried.traceId, (read) => read.byId.has(carried.spanId));
      expectTrace(trace).hasRoot(`click "${label}"`).hasChain([`click "${label}"`, `GET ${path}${part}`]);
    }
  }
});

for (const page_ of ['with the tracer', 'without it']) {
  for (const worker_ of ['with the tracer', 'without it']) {
    test(`a page ${page_} and a worker ${worker_} get their own messages only`, async ({ page, app, throughline, service, complaints }) => {
      const url = app.publish('worker-errands.js', { tag: worker_ === 'without it' ? '' : `importScripts('${scripts(app, throughline).tracer}');` });
      await page.goto(app.publish('worker-errands.html', { tag: page_ === 'without it' ? '' : throughline.tag(service) }));
      await page.evaluate((script) => {
        window.worker = window.makeWorker(script);
      }, url);
      const before = app.received('/api/own').length;
      const results = [];
      for (const round of [1, 2]) {
        await click(page, 'act', async () => {
          let refused;
          try {
            window.worker.postMessage(() => {});
          } catch (error) {
            refused = error.name;
          }
          await window.ask(window.worker, { errand: 'fetch', path: '/api/own' });
          return [refused, await window.ask(window.worker, { errand: 'refused' }), await window.ask(window.worker, { errand: 'seen' })];
        });
        results.push(await settled(page, 'act'));
        if (round === 1) await page.waitForTimeout(200);
      }
      expect(results).toEqual([
        ['DataCloneError', 'DataCloneError', OWN],
        ['DataCloneError', 'DataCloneError', [...OWN, ...OWN]],
      ]);
      expect(await page.evaluate(() => window.received.map(({ id }) => id))).toEqual([...OWN, ...OWN].map(({ id }) => id));
      // Presence: both together trace; either alone leaves the worker's requests as they are.
      const carried = app.received('/api/own').slice(before).map((request) => propagatedBy(request) !== null);
      expect(carried).toEqual(page_ === worker_ && page_ === 'with the tracer' ? [true, true] : [false, false]);
      expect(complaints.errors).toEqual([]);
    });
  }
}
