// What does it cost to watch a recording of ten minutes?
//
// CPU is that of the process that the player's frame has to itself: `start_cpu_ms` from the moment in which it is given the recording
// until its first picture stands, `seek_cpu_ms` until another one does, at the most expensive of several places, most of them
// right before a whole picture, where the most changes have to be made. Each is the median of several runs.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Throughline } from '../tests/harness/throughline.js';
import { launch, median } from './browser.js';
import { recording } from './recordings.js';

const RUNS = 3;
const NODES = 2_000;
/** Where the playhead goes, in seconds. */
const PLACES = [599, 119.9, 300, 1, 479.9, 60, 239.9, 120, 359.9];
/** What is painted after the player has said that it is done. */
const SETTLE_MILLIS = 400;
const GOAL = { start_cpu_ms: 300, seek_cpu_ms: 700 };

const throughline = await Throughline.start();
const browser = await launch();
const events = recording({ nodes: NODES });
const [{ timestamp: start }] = events;
const json = JSON.stringify(events);
try {
  const starts = [];
  const seeks = PLACES.map(() => []);
  for (let run = 0; run < RUNS; run++) {
    const player = await open();
    starts.push(await player.costs(() => player.give(json)));
    for (const [index, place] of PLACES.entries()) seeks[index].push(await player.costs(() => player.show(start + place * 1_000)));
    await player.close();
  }
  const figures = { start_cpu_ms: Math.round(median(starts)), seek_cpu_ms: Math.round(Math.max(...seeks.map(median))) };
  const changes = events.filter(({ data }) => data.source === 0).reduce((sum, { data }) => sum + data.texts.length + data.attributes.length + data.adds.length + data.removes.length, 0);
  console.error(`${events.length} events with ${changes} changes of a page of ${NODES} nodes, ${(json.length / 1e6).toFixed(1)} MB`);
  console.error(`seeks to ${PLACES.map((place, index) => `${place} s: ${Math.round(median(seeks[index]))} ms`).join(', ')}`);
  for (const [key, value] of Object.entries(figures)) console.error(`${key.padEnd(28)} ${String(value).padStart(10)}   goal ${String(GOAL[key]).padStart(8)}`);
  const report = process.argv[2];
  const earlier = await readFile(report, 'utf8').then(JSON.parse, () => ({}));
  await mkdir(dirname(report), { recursive: true });
  await writeFile(report, `${JSON.stringify({ ...earlier, ...figures }, null, 2)}\n`);
} finally {
  await browser.close();
  await throughline.dispose();
}

/** The player in a page of the viewer's origin, which alone may hold it. */
async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(throughline.viewerUrl);
  await page.evaluate(async (origin) => {
    window.said = [];
    window.addEventListener('message', ({ data }) => window.said.push(data.kind));
    window.told = async (kind, times) => {
      while (window.said.filter((one) => one === kind).length < times) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const frame = Object.assign(document.createElement('iframe'), { src: `${origin}/`, id: 'player' });
    frame.style.cssText = 'position: fixed; inset: 0; width: 1200px; height: 750px; z-index: 9';
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin');
    document.body.append(frame);
    window.tell = (message, transfer) => frame.contentWindow.postMessage(message, origin, transfer);
    await window.told('hello', 1);
  }, throughline.playerUrl);
  const session = await context.newCDPSession(page.frames().find((frame) => frame.url().startsWith(throughline.playerUrl)));
  await session.send('Performance.enable');
  const cpu = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ProcessTime').value * 1_000;
  let shown = 0;
  return {
    /** Milliseconds of CPU that something takes until the player has shown it. */
    async costs(act) {
      const before = await cpu();
      await act();
      shown += 1;
      await page.evaluate((times) => window.told('shown', times), shown);
      await page.waitForTimeout(SETTLE_MILLIS);
      return (await cpu()) - before;
    },
    give: (text) =>
      page.evaluate(
        ([events, at]) => {
          const { buffer } = new TextEncoder().encode(events);
          window.tell({ kind: 'recording', stream: 'bench', events: buffer }, [buffer]);
          window.tell({ kind: 'show', at, playing: false, speed: 1 });
        },
        [text, start],
      ),
    show: (at) => page.evaluate((instant) => window.tell({ kind: 'show', at: instant, playing: false, speed: 1 }), at),
    close: () => context.close(),
  };
}
