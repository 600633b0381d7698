// Does `throughline replay` tell good builds of the shop from broken ones, and blame what is broken and nothing else?
//
// Ten runs of the good build are judged by four good runs before them; then each fault is seeded once.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch } from './browser.js';
import { blamed, FIXTURES, recordBooking, replay } from '../tests/harness/replay.js';
import { Shop } from '../tests/harness/shop.js';
import { Throughline } from '../tests/harness/throughline.js';

const BASELINES = 4;
const GOOD_RUNS = 10;
const STEP = 'click "Book Now"';
/** Fault → what has to be found, and in which service. */
const FAULTS = {
  'n-plus-one': ['n_plus_one', 'booking'],
  'slow-payment': ['new_error', 'payment'],
  'lost-booking': ['missing_write', 'booking'],
  'slow-charge': ['slower', 'payment'],
};

const throughline = await Throughline.start();
const directory = await mkdtemp(join(tmpdir(), 'throughline-bench-'));

/** Each run sells the seat: it gets a shop of its own. */
async function inShop(act) {
  const shop = await Shop.start(throughline);
  try {
    return await act(shop);
  } finally {
    await shop.dispose();
  }
}

const again = (session, fixtures, args) => inShop((shop) => replay(session, { server: throughline.viewerUrl, env: shop.url, fixtures, args: ['--allow-writes', ...args] }));

try {
  const browser = await launch();
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const session = await inShop((shop) => recordBooking(page, shop.url, throughline));
  await browser.close();

  const baselines = [];
  for (let run = 0; run < BASELINES; run++) {
    const file = join(directory, `${run}.json`);
    await again(session, FIXTURES, ['--save', file]);
    baselines.push('--baseline', file);
  }
  let falseSlower = 0;
  let reproduced = 0;
  let innocents = 0;
  for (let run = 0; run < GOOD_RUNS; run++) {
    const { outcome, stderr } = await again(session, FIXTURES, baselines);
    if (!outcome) throw new Error(stderr);
    const found = blamed(outcome);
    reproduced += outcome.verdict === 'REPRODUCED';
    falseSlower += found.some(({ kind }) => kind === 'slower');
    innocents += found.length;
    console.error(`good run ${run + 1}: ${outcome.verdict} ${found.map(({ text }) => text).join('; ')}`);
  }
  let missed = 0;
  for (const [fault, [kind, service]] of Object.entries(FAULTS)) {
    const { outcome, stderr } = await again(session, { ...FIXTURES, headers: { 'X-Demo-Faults': fault } }, baselines);
    if (!outcome) throw new Error(stderr);
    const found = blamed(outcome);
    const guilty = (one) => one.service === service && one.step === STEP;
    missed += !found.some((one) => one.kind === kind && guilty(one));
    innocents += found.filter((one) => !guilty(one)).length;
    console.error(`${fault}: ${outcome.verdict} ${found.map((one) => `${one.kind} in ${one.service}`).join(', ')}`);
  }
  const report = process.argv[2];
  const earlier = await readFile(report, 'utf8').then(JSON.parse, () => ({}));
  const figures = { reproduced_of_10: reproduced, false_slower_of_10: falseSlower, faults_seeded: Object.keys(FAULTS).length, faults_missed: missed, innocents_blamed: innocents };
  console.error(figures);
  await writeFile(report, `${JSON.stringify({ ...earlier, ...figures }, null, 2)}\n`);
} finally {
  await throughline.dispose();
  await rm(directory, { recursive: true, force: true });
}
