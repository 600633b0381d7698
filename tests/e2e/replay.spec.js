// A booking that was recorded is done again: against the same build, against broken ones, and against a changed page.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '../harness/fixtures.js';
import { blamed, FIXTURES, OtherBuild, recordBooking, replay } from '../harness/replay.js';
import { Shop } from '../harness/shop.js';

const BOOK = 'click "Book Now"';

/** Does a session again in a shop of its own, in which no seat is sold. */
async function again(throughline, session, { build, fixtures = FIXTURES, args = [] } = {}) {
  const shop = await Shop.start(throughline);
  const front = build && (await OtherBuild.before(shop.url, build));
  try {
    return await replay(session, { server: throughline.viewerUrl, env: (front ?? shop).url, fixtures, args: ['--allow-writes', '--timeout', '5s', ...args] });
  } finally {
    await front?.dispose();
    await shop.dispose();
  }
}

/** One booking, recorded once for all tests, since each sells the seat. */
let recorded;
async function recording(page, throughline) {
  recorded ??= await recordIn(await Shop.start(throughline), page, throughline);
  return recorded;
}

async function recordIn(shop, page, throughline) {
  try {
    return await recordBooking(page, shop.url, throughline);
  } finally {
    await shop.dispose();
  }
}

let directory;
test.beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'throughline-runs-'))));
test.afterAll(() => rm(directory, { recursive: true, force: true }));

test('a broken build is told from a good one, and blamed where it is broken', async ({ page, throughline }) => {
  test.setTimeout(300_000);
  const session = await recording(page, throughline);
  const baselines = [];
  for (const name of ['one', 'two', 'three']) {
    const file = join(directory, `${name}.json`);
    const run = await again(throughline, session, { args: ['--save', file] });
    expect({ code: run.code, verdict: run.outcome?.verdict, blamed: run.outcome && blamed(run.outcome) }, run.stderr).toEqual({ code: 0, verdict: 'REPRODUCED', blamed: [] });
    baselines.push('--baseline', file);
  }
  const good = await again(throughline, session, { args: baselines });
  expect(blamed(good.outcome)).toEqual([]);
  expect(good.outcome.verdict).toBe('REPRODUCED');

  for (const [fault, kind, service, text] of [
    ['n-plus-one', 'n_plus_one', 'booking', /SELECT price_cents FROM seats WHERE seat/],
    ['lost-booking', 'missing_write', 'booking', /INSERT INTO bookings/],
    ['slow-charge', 'slower', 'payment', /charge/],
    ['slow-payment', 'new_error', 'payment', /charge/],
  ]) {
    await test.step(fault, async () => {
      const junit = join(directory, `${fault}.xml`);
      const run = await again(throughline, session, { fixtures: { ...FIXTURES, headers: { 'X-Demo-Faults': fault } }, args: [...baselines, '--junit', junit] });
      const found = blamed(run.outcome);
      expect({ code: run.code, verdict: run.outcome.verdict }).toEqual({ code: 1, verdict: 'NEW_REGRESSION' });
      expect(found[0], JSON.stringify(found, null, 1)).toMatchObject({ kind, service, step: BOOK });
      expect(found[0].text).toMatch(text);
      // Nothing else is blamed.
      expect(found.filter((one) => one.service !== service || one.step !== BOOK)).toEqual([]);
      expect(await readFile(junit, 'utf8')).toMatch(/failures="1"[\s\S]*<failure type=/);
    });
  }
});

test('a changed page diverges where it has changed, and another row shows as other values', async ({ page, throughline }) => {
  test.setTimeout(180_000);
  const session = await recording(page, throughline);
  const pictures = join(directory, 'pictures');
  const gone = await again(throughline, session, {
    build: { rewrite: (html) => html.replace(/<button class="button button--main".*?<\/button>/, '') },
    args: ['--screenshots', pictures],
  });
  expect(gone.code).toBe(4);
  const last = gone.outcome.runs[0].steps.at(-1);
  expect(last).toMatchObject({ name: BOOK, diverged: expect.stringContaining('the element is gone') });
  expect((await readFile(last.screenshot)).subarray(1, 4).toString()).toBe('PNG');

  // Every seat is labelled as its neighbour is: the right name leads to the wrong seat.
  const wrong = await again(throughline, session, {
    build: { rewrite: (text) => text.replace('`Row ${row}, seat ${number},', '`Row ${row}, seat ${number - 1},') },
  });
  expect(wrong.outcome.runs[0].verdict).toBe('REPRODUCED');
  const values = blamed(wrong.outcome, ['parameters']).map(({ text }) => text);
  expect(values.join('\n')).toMatch(/C3 → C4/);

  // What is missing is said before anything is done.
  const unallowed = await replay(session, { server: throughline.viewerUrl, env: 'http://127.0.0.1:1' });
  expect({ code: unallowed.code, stderr: unallowed.stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--allow-writes') });
  const empty = await again(throughline, session, { fixtures: {} });
  expect({ code: empty.code, stderr: empty.stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/"secrets": \{\s+"card"/) });

  // A good run becomes a file of expectations, by which a broken one is judged.
  const file = join(directory, 'expect.json');
  expect((await again(throughline, session, { args: ['--expect-write', file] })).code).toBe(0);
  const kept = await again(throughline, session, { args: ['--expect', file] });
  expect({ code: kept.code, blamed: blamed(kept.outcome) }).toEqual({ code: 0, blamed: [] });
  const broken = await again(throughline, session, { fixtures: { ...FIXTURES, headers: { 'X-Demo-Faults': 'lost-booking' } }, args: ['--expect', file] });
  expect({ code: broken.code, blamed: blamed(broken.outcome).map(({ kind, service }) => [kind, service]) }).toEqual({ code: 1, blamed: [['missing_write', 'booking']] });
  const expectations = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...expectations, version: 99 }));
  expect((await again(throughline, session, { args: ['--expect', file] })).stderr).toContain('--expect-write');
});

test('a re-run is a page in the viewer, with what the command printed and the screens side by side', async ({ page, throughline }) => {
  test.setTimeout(180_000);
  const session = await recording(page, throughline);
  const file = join(directory, 'good.expect.json');
  const good = await again(throughline, session, { args: ['--expect-write', file] });
  expect(good.outcome?.page, good.stderr).toMatch(/\/run\/[\da-f]{16}$/);
  const gone = await again(throughline, session, { build: { rewrite: (html) => html.replace(/<button class="button button--main".*?<\/button>/, '') } });

  // The session lists them, the newest first.
  await page.goto(`${throughline.viewerUrl}/session/${session}`);
  await page.locator('summary', { hasText: /Run again.*re-runs/ }).click();
  const runs = page.locator('.session-menu a[href^="/run/"]');
  expect((await runs.allInnerTexts()).slice(0, 2)).toEqual([expect.stringContaining('DIVERGED'), expect.stringContaining('REPRODUCED')]);
  await runs.first().click();

  await expect(page).toHaveURL(gone.outcome.page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('DIVERGED');
  const steps = gone.outcome.runs[0].steps;
  const shown = page.locator('.run__step');
  await expect(shown).toHaveCount(steps.length);
  const last = shown.last();
  await expect(last).toContainText(steps.at(-1).diverged);
  const width = (picture) => picture.evaluate((image) => image.complete && image.naturalWidth);
  const pictures = last.locator('img');
  await expect(pictures).toHaveCount(2);
  for (const picture of await pictures.all()) await expect.poll(() => width(picture)).toBeGreaterThan(100);
  for (const line of gone.outcome.notCompared) await expect(page.getByText(line)).toBeVisible();
  await page.getByRole('button', { name: 'Pictures of every step' }).click();
  await expect(shown.first().locator('img').first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Save as expectations' })).toHaveCount(0);

  // One click makes the file that --expect-write writes.
  await page.goto(good.outcome.page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('REPRODUCED');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save as expectations' }).click()]);
  expect(await readFile(await download.path(), 'utf8')).toBe(await readFile(file, 'utf8'));
  const kept = await again(throughline, session, { args: ['--expect', await download.path(), '--no-publish'] });
  expect({ code: kept.code, page: kept.outcome.page }).toEqual({ code: 0, page: undefined });
});

test('several runs, each in a state of its own, from a data directory, with a browser that can be seen', async ({ page, throughline }) => {
  test.setTimeout(240_000);
  const session = await recording(page, throughline);
  const copy = join(directory, 'copy');
  await cp(throughline.dataDirectory, copy, { recursive: true });
  const shops = [];
  const renew = async () => {
    await Promise.all(shops.splice(0).map((shop) => shop.dispose()));
    shops.push(await Shop.start(throughline));
    return shops[0].url;
  };
  const front = await OtherBuild.before(await renew(), { renew });
  // A window on a screen that is not there: Chromium runs as it does for a person, and draws into memory.
  const chromium = join(directory, 'chromium');
  await writeFile(chromium, `#!/bin/sh\nexec "${test.info().project.use.launchOptions.executablePath}" --ozone-platform=headless "$@"\n`, { mode: 0o755 });
  try {
    const ask = `node -e "fetch('${front.url}/renew').then(({ ok }) => process.exit(ok ? 0 : 1))"`;
    const args = ['--allow-writes', '--data', copy, '--runs', '3', '--before-run', ask, '--headed'];
    const run = await replay(session, { server: throughline.viewerUrl, env: front.url, args, variables: { CHROMIUM_BIN: chromium } });
    expect(run.outcome?.runs.map(({ verdict }) => verdict), run.stderr).toEqual(['REPRODUCED', 'REPRODUCED', 'REPRODUCED']);
    expect({ code: run.code, blamed: blamed(run.outcome) }).toEqual({ code: 0, blamed: [] });
  } finally {
    await front.dispose();
    await Promise.all(shops.map((shop) => shop.dispose()));
  }

  const shortest = await again(throughline, session, {
    build: { rewrite: (html) => html.replace(/<button class="button button--main".*?<\/button>/, '') },
    args: ['--minimise'],
  });
  expect(shortest.outcome.verdict).toBe('DIVERGED');
  expect(shortest.outcome.notCompared.at(-1)).toMatch(/^fewest steps that show the same: 1 [^;]*; \d+ click "Book Now"$/);
});
