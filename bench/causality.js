// `cargo xtask bench causality`: which tracer knows the user action that caused a request? CAUSALITY's table of 33
// requests, made by an ordinary application with native async functions, for Throughline and its peers in one run.
//
// Prints its progress and a table on stderr and writes the report that its only argument names. `BENCH_REPETITIONS` (3)
// and `BENCH_SETUPS` (all; a list of their keys) make a run shorter. The runs take turns, one at a time: side by side they
// would disturb each other. Each is kept beside the report as it ends, and a run that was interrupted goes on from there.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CASES, GAP_MILLIS, runCausality, throughlineAdapter } from '../tests/harness/causality.js';
import { lateHalf } from '../tests/harness/late-half.js';
import { PageServer } from '../tests/harness/page-server.js';
import { Throughline } from '../tests/harness/throughline.js';
import { launch } from './browser.js';
import { Collector } from './collector.js';
import { lowered, setups } from './setups.js';

const report = process.argv[2];
const repetitions = Number(process.env.BENCH_REPETITIONS ?? 3);

/** Gives each control an id and a name, which is what the peers call it by. */
const NAMES = `<script>addEventListener('DOMContentLoaded', () => {
  for (const control of document.querySelectorAll('button, input')) control.id = control.name = control.getAttribute('aria-label') ?? control.textContent;
});</script>`;

const flush = (page) => page.evaluate(() => window.bench.flush());
const openTelemetry = {
  isAction: (span) => 'target_xpath' in span.attributes,
  isActionOn: (span, control) => span.attributes.target_xpath.includes(`"${control}"`),
  flush,
};
const elastic = {
  isAction: (span) => span.attributes['transaction.type'] === 'user-interaction',
  isActionOn: (span, control) => span.name.includes(`"${control}"`),
  flush,
  forgets: true,
};
const sentry = {
  isAction: (span) => /^ui\.(action|interaction)/.test(span.attributes['sentry.op'] ?? ''),
  isActionOn: (span, control) => span.name.includes(control),
  flush,
  forgets: true,
};
const adapters = { otel_stack: openTelemetry, otel_zone: openTelemetry, otel_zone_lowered: openTelemetry, elastic, faro: { ...openTelemetry, forgets: true }, sentry };

const all = await setups(process.env.TRACER, join(dirname(report), 'peers'));
const names = (process.env.BENCH_SETUPS ?? Object.keys(all).join()).split(',');
const runs = [];
for (let repetition = 1; repetition <= repetitions; repetition++) {
  for (const pace of Object.keys(GAP_MILLIS)) for (const name of names) runs.push({ repetition, pace, name });
}

// What was measured of these very scripts before an interruption is not measured again.
const partial = report.replace(/json$/, 'partial.json');
const digest = createHash('sha256').update(JSON.stringify(all)).digest('hex');
const kept = await readFile(partial, 'utf8').then(JSON.parse, () => ({}));
const measured = kept.digest === digest ? kept.measured : {};
const keyOf = ({ repetition, pace, name }) => `${repetition} ${pace} ${name}`;
await mkdir(dirname(report), { recursive: true });

const throughline = await Throughline.start();
const collector = await Collector.start(throughline.ingestUrl);
const app = await PageServer.start();
const browser = await launch();
try {
  for (const [name, { code, parts }] of Object.entries(all)) Object.assign(collector.scripts, { [`${name}.js`]: code }, parts);
  for (const [at, run] of runs.entries()) {
    const key = keyOf(run);
    if (measured[key]) continue;
    const { ok, wrong, background, background_requests } = (measured[key] = await measure(run).catch((error) => {
      process.stderr.write(`once more, since ${error.message}\n`);
      return measure(run);
    }));
    await writeFile(partial, JSON.stringify({ digest, measured }));
    process.stderr.write(`${at + 1} of ${runs.length}: ${all[run.name].title}, ${run.pace}: ${ok} of ${CASES.length} right, ${wrong} wrong, ${background} of ${background_requests} background requests blamed\n`);
  }
} finally {
  await browser.close();
  await app.dispose();
  await collector.dispose();
  await throughline.dispose();
}

const resultOf = (name) => Object.fromEntries(Object.keys(GAP_MILLIS).map((pace) => [pace, worst(runs.filter((run) => run.name === name && run.pace === pace).map((run) => measured[keyOf(run)]))]));
const { ours, ...peers } = Object.fromEntries(names.map((name) => [name, resultOf(name)]));
await writeFile(report, `${JSON.stringify({ cases: CASES.length, repetitions, ours, peers }, null, 2)}\n`);
await rm(partial, { force: true });
print({ ...(ours && { ours }), ...peers });

/** One tracer, once, at one pace. */
async function measure({ pace, name }) {
  const tag = `<script src="${collector.url}/tracer/${name}.js" crossorigin data-service="bench-${name}" data-endpoint="${collector.url}"></script>`;
  const url = app.publish('causality.html', { tag: tag + NAMES, transform: all[name].lowered ? lowered : undefined });
  const adapter = { ...throughlineAdapter(throughline), ...(name === 'ours' ? { ready: lateHalf } : adapters[name]) };
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const result = await runCausality({ page: await context.newPage(), app, url, adapter, gapMillis: GAP_MILLIS[pace] });
    return {
      ok: result.ok,
      wrong: result.wrong,
      background: result.background,
      background_requests: Object.values(result.backgroundRequests).reduce((sum, count) => sum + count, 0),
      not_right: result.cases.filter(({ verdict }) => verdict !== 'ok').map(({ id, verdict }) => `${id}: ${verdict}`),
    };
  } finally {
    await context.close();
  }
}

/** A tracer is as good as the worst of its repetitions. */
function worst(all) {
  const most = (key) => Math.max(...all.map((run) => run[key]));
  return { ok: Math.min(...all.map(({ ok }) => ok)), wrong: most('wrong'), background: most('background'), runs: all };
}

function print(results) {
  const row = (cells) => process.stderr.write(`${cells[0].padEnd(50)}${cells.slice(1).map((cell) => String(cell).padStart(10)).join('')}\n`);
  process.stderr.write('\nThe worst of the repetitions:\n');
  row(['', 'ok apart', 'wrong', 'blamed', 'ok rapid', 'wrong', 'blamed']);
  for (const [name, { apart, rapid }] of Object.entries(results)) row([all[name].title, ...[apart, rapid].flatMap(({ ok, wrong, background }) => [ok, wrong, background])]);
}
