// `cargo xtask bench tracer`: what a tracer costs the page that loads it. All setups take turns within each round, so that
// what else the machine does falls on all of them alike; compare the ratios, not the absolute times.
//
// Prints a table on stderr and writes the report that its only argument names. `BENCH_LOADS` (15) and `BENCH_ROUNDS` (3)
// make a run shorter or longer. What else runs can only add to a time: of the rounds, the fastest counts. The start is the
// median of its loads, what is added to a request the median of its rounds, since it is a difference already, and what
// 10,000 spans cost is measured by the processor's time.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

import { PageServer } from '../tests/harness/page-server.js';
import { Throughline } from '../tests/harness/throughline.js';
import { launch, median } from './browser.js';
import { Collector } from './collector.js';
import { floor, setups } from './setups.js';

const report = process.argv[2];
const loads = Number(process.env.BENCH_LOADS ?? 15);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const PAGES = join(import.meta.dirname, 'pages');
const CLICKS = 40;
const BUSY_CLICKS = 20;
/** As a person clicks: how often, how long the button is held down, and the pause to the next. */
const UNHURRIED = { clicks: 20, held: 40, pause: 60 };

/** What is no minimum of its rounds. */
const MEDIANS = ['init_ms', 'init_cpu_ms', 'fetch_added_us'];

/** Isolated from other origins a page has a clock of 5 µs; else of 100. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** What a peer's bundle defines for itself. */
const OURS = `<script>window.bench = { flush: () => throughline.flush(), span: (name) => throughline.trace(name, () => {}) };</script>`;
/** Says nothing, loads nothing: the page as it is. */
const NOTHING = `<script>window.bench = { flush: async () => {}, span: () => {} };</script>`;

const throughline = await Throughline.start();
const collector = await Collector.start(throughline.ingestUrl);
const app = await PageServer.start();
const browser = await launch();
/** Setup → measure → one value a round. @type {Record<string, Record<string, number[]>>} */
const measured = {};
const note = (setup, measure, value) => ((measured[setup] ??= {})[measure] ??= []).push(value);

try {
  const bundles = join(dirname(report), 'peers');
  const { otel_zone_lowered: _, ...all } = await setups(process.env.TRACER, bundles);
  all.floor = await floor(bundles);
  for (const [name, { code, parts }] of Object.entries(all)) Object.assign(collector.scripts, { [`${name}.js`]: code }, parts);
  const tag = (name, more = '') => `<script src="${collector.url}/tracer/${name}.js" crossorigin data-service="bench-${name}" data-endpoint="${collector.url}" ${more}></script>`;
  const tags = {
    none: NOTHING,
    ...Object.fromEntries(Object.keys(all).map((name) => [name, tag(name) + (name === 'ours' ? OURS : '')])),
    ours_without_steps: tag('ours', 'data-steps="off"') + OURS,
  };

  const blank = app.publish('blank.html', { directory: PAGES });
  for (let load = 1; load <= loads; load++) {
    for (const name of Object.keys(all)) await start(blank, name);
    process.stderr.write(`load ${load} of ${loads}\n`);
  }
  const urls = Object.fromEntries(Object.entries(tags).map(([name, text]) => [name, app.publish('cost.html', { directory: PAGES, tag: text, headers: ISOLATED })]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, url] of Object.entries(urls)) await costs(name, url);
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }

  const result = summary(all);
  await mkdir(dirname(report), { recursive: true });
  await writeFile(report, `${JSON.stringify(result, null, 2)}\n`);
  print(all, result);
} finally {
  await browser.close();
  await app.dispose();
  await collector.dispose();
  await throughline.dispose();
}

/** Evaluation and start of a tracer as a classic script, in a fresh page: how long it took, and of the main thread's time. */
async function start(url, name) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(
    async ({ from, endpoint }) => {
      const script = document.createElement('script');
      script.dataset.service = 'bench';
      script.dataset.endpoint = endpoint;
      script.textContent = await (await fetch(from)).text();
      window.tag = script;
    },
    { from: `${collector.url}/tracer/${name}.js`, endpoint: collector.url },
  );
  const cpu = await cpuOf(context, page);
  const before = await cpu();
  const millis = await page.evaluate(() => {
    const begun = performance.now();
    document.head.append(window.tag);
    return performance.now() - begun;
  });
  note(name, 'init_ms', millis);
  note(name, 'init_cpu_ms', ((await cpu()) - before) / 1_000);
  await context.close();
}

/** What tells how many microseconds of the processor a page's main thread has had. */
async function cpuOf(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => (await devtools.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration').value * 1e6;
}

async function costs(name, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForTimeout(1_000);
  const act = await page.locator('#act').boundingBox();
  const click = (options) => page.mouse.click(act.x + act.width / 2, act.y + act.height / 2, options);
  const inClick = async (task) => {
    await page.evaluate((wanted) => window.prepare(wanted), task);
    await click();
    return page.evaluate(() => window.done);
  };
  await page.evaluate(() => window.prepare('nothing'));
  for (let i = 0; i < 5; i++) await click();
  await page.evaluate(() => window.clickMicros());
  for (let i = 0; i < CLICKS; i++) await click();
  note(name, 'click_us', await page.evaluate(() => window.clickMicros()));
  for (let i = 0; i < UNHURRIED.clicks; i++) {
    await click({ delay: UNHURRIED.held });
    await page.waitForTimeout(UNHURRIED.pause);
  }
  note(name, 'unhurried_click_us', await page.evaluate(() => window.clickMicros()));
  note(name, 'fetch_added_us', await inClick('fetch'));
  for (const task of ['await', 'timer']) note(name, `${task}_us`, await inClick(task));

  await page.evaluate(() => window.prepare('busy'));
  await page.evaluate(() => { window.interactions.length = 0; });
  for (let i = 0; i < BUSY_CLICKS; i++) {
    await click();
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(300);
  note(name, 'busy_inp_ms', median(await page.evaluate(() => window.interactions)));

  if (name !== 'ours_without_steps' && name !== 'floor') {
    await page.evaluate(() => window.bench.flush());
    const devtools = await context.newCDPSession(page);
    const cpu = await cpuOf(context, page);
    const heap = async () => {
      for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage');
      return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1_024;
    };
    // Once before, so that code and caches are there.
    await inClick('spans');
    await page.evaluate(() => window.bench.flush());
    const before = { heap: await heap(), cpu: await cpu() };
    await inClick('spans');
    await page.evaluate(() => window.bench.flush());
    await page.waitForTimeout(500);
    note(name, 'span_cpu_us', ((await cpu()) - before.cpu) / 10_000);
    note(name, 'heap_kb_after_10k_spans', (await heap()) - before.heap);
  }
  await context.close();
}

function summary(all) {
  const of = (name, measure) => measured[name][measure] && (MEDIANS.includes(measure) ? median(measured[name][measure]) : Math.min(...measured[name][measure]));
  const added = (name, measure) => of(name, measure) - of('none', measure);
  const setupsOf = Object.fromEntries(
    Object.entries(measured).map(([name, measures]) => [
      name,
      {
        ...(all[name] ? { size_brotli_bytes: brotliCompressSync(all[name].code).length } : {}),
        ...Object.fromEntries(Object.entries(measures).map(([measure, values]) => [measure, { median: round(median(values)), minimum: round(Math.min(...values)), values: values.map(round) }])),
      },
    ]),
  );
  const peers = Object.keys(all).filter((name) => name !== 'ours' && name !== 'floor');
  const best = peers.reduce((a, b) => (of(a, 'init_ms') <= of(b, 'init_ms') ? a : b));
  return {
    loads,
    rounds,
    size_brotli_bytes: setupsOf.ours.size_brotli_bytes,
    init_ratio_to_best_peer: round(of('ours', 'init_ms') / of(best, 'init_ms')),
    best_peer_init: best,
    init_cpu_ratio_to_best_peer: round(of('ours', 'init_cpu_ms') / Math.min(...peers.map((peer) => of(peer, 'init_cpu_ms')))),
    fetch_added_ratio_to_otel_zone: round(of('ours', 'fetch_added_us') / of('otel_zone', 'fetch_added_us')),
    click_added_us: round(added('ours_without_steps', 'click_us')),
    unhurried_click_added_us: round(added('ours_without_steps', 'unhurried_click_us')),
    step_log_us: round(of('ours', 'click_us') - of('ours_without_steps', 'click_us')),
    await_added_us: round(added('ours', 'await_us')),
    timer_added_us: round(added('ours', 'timer_us')),
    span_cpu_us: round(added('ours', 'span_cpu_us')),
    heap_kb_after_10k_spans: round(of('ours', 'heap_kb_after_10k_spans')),
    busy_inp_added_ms: round(added('ours', 'busy_inp_ms')),
    setups: setupsOf,
  };
}

function round(value) {
  return Number(value.toPrecision(4));
}

function print(all, result) {
  const columns = ['size_brotli_bytes', 'init_ms', 'init_cpu_ms', 'fetch_added_us', 'click_us', 'unhurried_click_us', 'await_us', 'timer_us', 'span_cpu_us', 'heap_kb_after_10k_spans', 'busy_inp_ms'];
  const row = (cells) => process.stderr.write(`${cells[0].padEnd(26)}${cells.slice(1).map((cell) => String(cell).padStart(12)).join('')}\n`);
  process.stderr.write('\nThe start and what a fetch takes longer: medians. All else: the fastest round.\n');
  row(['', 'brotli', 'init ms', 'init CPU ms', 'fetch +µs', 'click µs', 'unhurried', 'await µs', 'timer µs', 'span µs', 'heap kB', 'INP ms']);
  for (const [name, measures] of Object.entries(result.setups)) {
    row([all[name]?.title ?? name.replaceAll('_', ' '), ...columns.map((column) => (typeof measures[column] === 'object' ? measures[column][MEDIANS.includes(column) ? 'median' : 'minimum'] : (measures[column] ?? '')))]);
  }
  process.stderr.write('\n');
  for (const [key, value] of Object.entries(result)) if (typeof value !== 'object') process.stderr.write(`${key.padEnd(34)}${value}\n`);
}
