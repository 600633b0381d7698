// `cargo xtask bench viewer`: what a large trace costs the browser that shows it.
//
// Prints a table on stderr and writes the report that its only argument names. `BENCH_SIZES` (50000,1000000) chooses the
// traces. CPU is that of the renderer's process, from its start; a frame over 50 ms is one that the browser itself reports
// as a long animation frame. Then every view and control of the page is used once (tour.js): `task_VIEW_SIZE_ms` is the CPU
// of the longest task of its main thread meanwhile. Beside ours stands what PEERS measured for Jaeger UI 2.20 on a machine like this one.

import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { Throughline } from '../tests/harness/throughline.js';
import { launch } from './browser.js';
import { listenToTasks } from './tasks.js';
import { TOUR, tour } from './tour.js';
import { sendTrace } from './traces.js';

const report = process.argv[2];
const sizes = (process.env.BENCH_SIZES ?? '50000,1000000').split(',').map(Number);
const VIEWER = join(import.meta.dirname, '../target/embed/viewer');
/** Steps of the sweep over the whole height. */
const SWEEP = 240;
const PATIENCE = 600_000;
/** Spans of a trace as most are. */
const SMALL = 40;
const NAMES = { 50000: '50k', 1000000: '1m' };

const throughline = await Throughline.start();
const browser = await launch();
const result = {};
try {
  for (const size of sizes) {
    const name = NAMES[size] ?? String(size);
    const traceId = size.toString(16).padStart(32, '5');
    process.stderr.write(`sending ${size} spans\n`);
    await sendTrace(throughline.ingestUrl, { traceId, spans: size });
    Object.assign(result, await measure(`${throughline.viewerUrl}/trace/${traceId}`, name));
    process.stderr.write(`${JSON.stringify(result)}\n`);
  }
  const traceId = '7'.repeat(32);
  await sendTrace(throughline.ingestUrl, { traceId, spans: SMALL });
  Object.assign(result, await opened('first_load', '/', '.trace-row'));
  Object.assign(result, await opened('trace_load', `/trace/${traceId}`, '.row .row__label'));
} finally {
  await browser.close();
  await throughline.dispose();
}

const PEER = { rows_50k_cpu_ms: 3400, frames_over_50ms_50k: '≥ 92 %', find_50k_ms: 1300 };
const GOAL = {
  rows_50k_cpu_ms: 1000, load_frames_over_50ms_50k: 0, frames_over_50ms_50k: 0, find_50k_ms: 100,
  rows_1m_cpu_ms: 4000, load_frames_over_50ms_1m: 0, frames_over_50ms_1m: 0, find_1m_ms: 200, heap_1m_mb: 400, first_load_brotli_bytes: 450_000,
  first_load_cpu_ms: 1000, first_load_layout_shift: 0, trace_load_cpu_ms: 1000, trace_load_layout_shift: 0,
};
for (const step of Object.keys(TOUR)) GOAL[`task_${step}_1m_ms`] = 50;
for (const [key, value] of Object.entries(result)) {
  process.stderr.write(`${key.padEnd(28)} ${String(value).padStart(10)}   goal ${String(GOAL[key] ?? '–').padStart(8)}   Jaeger UI ${PEER[key] ?? '–'}\n`);
}
await mkdir(dirname(report), { recursive: true });
await writeFile(report, `${JSON.stringify({ ...result, peers: { jaeger_ui_2_20: PEER } }, null, 2)}\n`);

async function measure(url, name) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  await page.addInitScript(() => {
    const { instantiateStreaming, instantiate } = WebAssembly;
    const keep = (made) => {
      // Parts that are loaded later have the main module's.
      globalThis.wasmMemory ??= (made.instance ?? made).exports.memory;
      return made;
    };
    WebAssembly.instantiateStreaming = async (...given) => keep(await instantiateStreaming.apply(WebAssembly, given));
    WebAssembly.instantiate = async (...given) => keep(await instantiate.apply(WebAssembly, given));
    globalThis.longFrames = [];
    new PerformanceObserver((list) => longFrames.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({ type: 'long-animation-frame', buffered: true });
  });
  const metrics = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('.row .row__label').first().waitFor({ timeout: PATIENCE });
  const rows = Math.round((await metrics()).ProcessTime * 1000);
  // Of large traces it is known what their time went to after they are shown.
  await page.locator('.chip--line').first().waitFor({ timeout: PATIENCE });
  const loading = await page.evaluate(async () => {
    // A frame is reported once it is painted.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return longFrames.splice(0);
  });
  const analysed = Math.round((await metrics()).ProcessTime * 1000);
  const sweep = await page.evaluate(async (steps) => {
    const body = document.querySelector('.waterfall__rows');
    let scroller = body;
    while (scroller && !(scroller.scrollHeight > scroller.clientHeight + 10 && /auto|scroll/.test(getComputedStyle(scroller).overflowY))) scroller = scroller.parentElement;
    scroller ??= document.scrollingElement;
    longFrames.splice(0);
    const frames = [];
    let last = performance.now();
    for (let step = 0; step <= steps; step++) {
      scroller.scrollTop = ((scroller.scrollHeight - scroller.clientHeight) * step) / steps;
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    frames.sort((a, b) => a - b);
    return { over: longFrames.length, longest: longFrames, gaps: frames.filter((gap) => gap > 50).length, p95: Math.round(frames[Math.floor(frames.length * 0.95)]) };
  }, SWEEP);
  const find = await findMillis(page);
  await session.send('HeapProfiler.collectGarbage');
  const { JSHeapUsedSize } = await metrics();
  const wasm = await page.evaluate(() => globalThis.wasmMemory?.buffer.byteLength ?? 0);
  process.stderr.write(`${name}: long frames while loading ${loading}, in the sweep ${sweep.longest}; 95 % of its frames within ${sweep.p95} ms; ${analysed} ms of CPU until analysed\n`);
  await page.locator('#find').fill('');
  const tasksOf = await listenToTasks(browser);
  await tour(page);
  const tasks = await tasksOf();
  await context.close();
  return {
    [`rows_${name}_cpu_ms`]: rows,
    [`load_frames_over_50ms_${name}`]: loading.length,
    [`load_longest_frame_${name}_ms`]: Math.max(0, ...loading),
    [`frames_over_50ms_${name}`]: sweep.over,
    [`find_${name}_ms`]: find,
    [`heap_${name}_mb`]: Math.round((JSHeapUsedSize + wasm) / 1e6),
    ...Object.fromEntries(Object.entries(tasks).map(([step, millis]) => [`task_${step}_${name}_ms`, millis])),
  };
}

/** From the last letter of a filter to its count. */
async function findMillis(page) {
  return page.evaluate(async () => {
    const input = document.querySelector('#find');
    const count = document.querySelector('#find-count');
    const found = new Promise((resolve) => new MutationObserver(() => /\d/.test(count.textContent) && resolve()).observe(count, { childList: true, subtree: true, characterData: true }));
    const began = performance.now();
    input.value = 'seats/7';
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await found;
    return Math.round(performance.now() - began);
  });
}

/**
 * A browser that was never here opens a page: the CPU until it shows its `content`, how far that has moved what was there
 * before (CLS), and the bytes of the viewer's files that were asked for until the page was quiet, packed.
 */
async function opened(name, path, content) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  await page.addInitScript(() => {
    globalThis.shifted = 0;
    new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifted += value; }).observe({ type: 'layout-shift', buffered: true });
  });
  const names = new Set(['index.html']);
  page.on('request', (request) => names.add(new URL(request.url()).pathname.slice(1)));
  await page.goto(`${throughline.viewerUrl}${path}`, { waitUntil: 'commit' });
  await page.locator(content).first().waitFor();
  const { metrics } = await session.send('Performance.getMetrics');
  const cpu = metrics.find((metric) => metric.name === 'ProcessTime').value;
  await page.waitForLoadState('networkidle');
  const shift = await page.evaluate(() => shifted);
  await context.close();
  return {
    [`${name}_cpu_ms`]: Math.round(cpu * 1000),
    [`${name}_layout_shift`]: Math.round(shift * 1000) / 1000,
    [`${name}_brotli_bytes`]: await packedBytes(names),
  };
}

async function packedBytes(names) {
  const packed = (await readdir(VIEWER)).filter((file) => file.endsWith('.br') && names.has(file.slice(0, -3)));
  const sizes = await Promise.all(packed.map(async (file) => (await stat(join(VIEWER, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
