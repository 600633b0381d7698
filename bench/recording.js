// What it costs a page to be recorded: by ours, and by rrweb's own recorder alone.
//
// A page of 5,000 elements changes 200 times a second for 20 s. What counts is the processor's time of the page's main
// thread, with the recorder less without it, for each in its own company: rrweb on the bare page, ours beside the tracer.
// What else runs can only add to it: of the rounds, the least counts. Both are a tenth of what the page itself takes, so
// that a few rounds tell them apart no better than by a third.
// Adds `recording_ratio_to_rrweb` and `recording_frames_over_50ms` to the report that its only argument names; frames are
// counted once the recorder's first picture is taken.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { build } from 'esbuild';

import { PageServer } from '../tests/harness/page-server.js';
import { Throughline } from '../tests/harness/throughline.js';
import { launch } from './browser.js';

const report = process.argv[2];
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const PAGES = join(import.meta.dirname, 'pages');
/** Until the recorder has been asked for, has come and has taken its picture. */
const SETTLE_MILLIS = 4_000;
/** How long the page changes. */
const SECONDS = 20;

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, 'tracers/rrweb.js')],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: 'es2022',
  logLevel: 'error',
});

const throughline = await Throughline.start();
const app = await PageServer.start();
const browser = await launch();
/** Setup → one value a round. @type {Record<string, {cpu: number[], frames: number[]}>} */
const measured = {};
try {
  app.collectorUrl = throughline.ingestUrl;
  const tag = (more) => throughline.tag('recorded', { 'data-endpoint': '/collector', ...more });
  const urls = Object.fromEntries(
    Object.entries({
      bare: '',
      rrweb: `<script>${outputFiles[0].text.replaceAll('</script', '<\\/script')}</script>`,
      traced: tag({}),
      recorded: tag({ 'data-replay': 'always' }),
    }).map(([name, text]) => [name, app.publish('changing.html', { directory: PAGES, tag: text })]),
  );
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, url] of Object.entries(urls)) {
      const { cpu, frames, events } = await measure(url);
      const of = (measured[name] ??= { cpu: [], frames: [] });
      of.cpu.push(cpu);
      of.frames.push(frames);
      process.stderr.write(`round ${round}, ${name}: ${cpu} ms of CPU in ${SECONDS} s, ${frames} frames over 50 ms${events ? `, ${events} events` : ''}\n`);
    }
  }
} finally {
  await browser.close();
  await app.dispose();
  await throughline.dispose();
}

const cpu = (name) => Math.min(...measured[name].cpu);
const figures = {
  recording_ratio_to_rrweb: Number(((cpu('recorded') - cpu('traced')) / (cpu('rrweb') - cpu('bare'))).toPrecision(3)),
  recording_frames_over_50ms: Math.max(...measured.recorded.frames) - Math.max(...measured.traced.frames),
};
console.error(figures);
await mkdir(dirname(report), { recursive: true });
const earlier = await readFile(report, 'utf8').then(JSON.parse, () => ({}));
await writeFile(report, `${JSON.stringify({ ...earlier, ...figures, recording: measured }, null, 2)}\n`);

async function measure(url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const millis = async () => (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
  await page.goto(url);
  await page.waitForTimeout(SETTLE_MILLIS);
  await page.evaluate(() => window.watchFrames());
  const before = await millis();
  await page.evaluate((seconds) => window.change(seconds), SECONDS);
  // What was recorded last is sent within the next five seconds.
  await page.waitForTimeout(6_000);
  const cpu = Math.round((await millis()) - before);
  const { frames, events } = await page.evaluate(() => ({ frames: window.longFrames, events: window.recordedEvents }));
  await context.close();
  return { cpu, frames, events };
}
