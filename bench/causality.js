// `cargo xtask bench causality`: which tracer knows the user action that caused a request? CAUSALITY's table of 33
// requests, made by an ordinary application with native async functions, for Throughline and its peers in one run.
//
// Prints a table on stderr and writes the report that its only argument names. `BENCH_REPETITIONS` (3) and
// `BENCH_SETUPS` (all; a list of their keys) make a run shorter.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CASES, GAP_MILLIS, runCausality, throughlineAdapter } from '../tests/harness/causality.js';
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

const throughline = await Throughline.start();
const collector = await Collector.start(throughline.ingestUrl);
const app = await PageServer.start();
const browser = await launch();
const results = {};
try {
  const all = await setups(process.env.TRACER, join(dirname(report), 'peers'));
  const names = (process.env.BENCH_SETUPS ?? Object.keys(all).join()).split(',');
  for (const [name, { code, parts }] of Object.entries(all)) Object.assign(collector.scripts, { [`${name}.js`]: code }, parts);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const [pace, gapMillis] of Object.entries(GAP_MILLIS)) {
      for (const name of names) {
        const tag = `<script src="${collector.url}/tracer/${name}.js" crossorigin data-service="bench-${name}" data-endpoint="${collector.url}"></script>`;
        const url = app.publish('causality.html', { tag: tag + NAMES, transform: all[name].lowered ? lowered : undefined });
        const adapter = { ...throughlineAdapter(throughline), ...adapters[name] };
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
        const result = await runCausality({ page: await context.newPage(), app, url, adapter, gapMillis });
        await context.close();
        const requests = Object.values(result.backgroundRequests).reduce((sum, count) => sum + count, 0);
        process.stderr.write(`${repetition}. ${all[name].title}, ${pace}: ${result.ok} of ${CASES.length} right, ${result.wrong} wrong, ${result.background} of ${requests} background requests blamed\n`);
        const runs = ((results[name] ??= {})[pace] ??= []);
        runs.push({
          ok: result.ok,
          wrong: result.wrong,
          background: result.background,
          background_requests: requests,
          not_right: result.cases.filter(({ verdict }) => verdict !== 'ok').map(({ id, verdict }) => `${id}: ${verdict}`),
        });
      }
    }
  }
  await mkdir(dirname(report), { recursive: true });
  const { ours, ...peers } = Object.fromEntries(Object.entries(results).map(([name, paces]) => [name, Object.fromEntries(Object.entries(paces).map(([pace, runs]) => [pace, worst(runs)]))]));
  await writeFile(report, `${JSON.stringify({ cases: CASES.length, repetitions, ours, peers }, null, 2)}\n`);
  print(all);
} finally {
  await browser.close();
  await app.dispose();
  await collector.dispose();
  await throughline.dispose();
}

/** A tracer is as good as the worst of its repetitions. */
function worst(runs) {
  const most = (key) => Math.max(...runs.map((run) => run[key]));
  return { ok: Math.min(...runs.map(({ ok }) => ok)), wrong: most('wrong'), background: most('background'), runs };
}

function print(all) {
  const row = (cells) => process.stderr.write(`${cells[0].padEnd(50)}${cells.slice(1).map((cell) => String(cell).padStart(10)).join('')}\n`);
  process.stderr.write('\nThe worst of the repetitions:\n');
  row(['', 'ok apart', 'wrong', 'blamed', 'ok rapid', 'wrong', 'blamed']);
  for (const [name, { apart, rapid }] of Object.entries(results)) {
    const [a, r] = [worst(apart), worst(rapid)];
    row([all[name].title, a.ok, a.wrong, a.background, r.ok, r.wrong, r.background]);
  }
}
