// A recorded booking leaves as a test, a flow, a bug report and a page, and each does what it is for.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { parse } from '@puppeteer/replay';

import { throughlineBinary } from '../harness/binaries.js';
import { expect, test } from '../harness/fixtures.js';
import { FIXTURES, OtherBuild, recordBooking } from '../harness/replay.js';
import { Shop } from '../harness/shop.js';

/** Below the tests, so that what is exported finds Playwright as it would in a project. */
const DIRECTORY = resolve(import.meta.dirname, '../.results/exported');

async function run(command, args, env = {}) {
  const child = spawn(command, args, { cwd: DIRECTORY, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
  const [code] = await once(child, 'close');
  return { code, text };
}

const CONFIG = `
const options = ${'${options}'};
export default { testDir: '.', workers: 1, timeout: 60_000, expect: { timeout: 5_000 }, reporter: 'line', outputDir: './artefacts', use: options };
`;

test('a session leaves as a test that passes and fails, a flow, a report and a page', async ({ page, throughline }, testInfo) => {
  test.setTimeout(240_000);
  await rm(DIRECTORY, { recursive: true, force: true });
  await mkdir(DIRECTORY, { recursive: true });
  const recorded = await Shop.start(throughline);
  const session = await recordBooking(page, recorded.url, throughline);
  await recorded.dispose();
  const written = async (format, name, more = []) => {
    const file = join(DIRECTORY, name);
    const done = await run(throughlineBinary(), ['export', 'session', session, '--server', throughline.viewerUrl, '--format', format, '--output', file, ...more]);
    expect(done.code, done.text).toBe(0);
    return readFile(file, 'utf8');
  };

  // Chrome's recorder takes the flow, and the traces are beside it.
  const flow = parse(JSON.parse(await written('userflow', 'booking.json')));
  expect(flow.steps.map(({ type }) => type)).toEqual(['setViewport', 'navigate', 'click', 'click', 'change', 'change', 'change', 'click']);
  expect(flow.steps.at(-1).selectors[0]).toEqual(['[data-testid="book"]']);
  const traces = JSON.parse(await readFile(join(DIRECTORY, 'booking.json.traces.json'), 'utf8'));
  expect(traces.steps.at(-1)).toMatchObject({ step: 7, traceId: expect.stringMatching(/^[\da-f]{32}$/) });

  await page.screenshot({ path: join(DIRECTORY, 'page.png') });
  const report = await written('markdown', 'booking.md', ['--picture', 'page.png']);
  expect(report).toContain('![The page](page.png)');
  expect(report).toMatch(/1\. open \/\n[\s\S]*enter \{\{secret:card\}\}[\s\S]*### Where the time went/);

  // The page opens without a server, and shows the trace.
  await written('bundle', 'booking.html', ['--picture', 'page.png']);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(join(DIRECTORY, 'booking.html')).href);
  await page.getByText(/spans, 0 failed/).last().click();
  await expect(page.frameLocator('iframe').last().getByText('INSERT bookings').first()).toBeVisible();
  expect(await page.getByRole('img', { name: 'The page' }).evaluate((image) => image.naturalWidth)).toBeGreaterThan(100);
  expect(asked.filter((url) => !/^(file|data|about):/.test(url))).toEqual([]);

  const source = await written('playwright', 'booking.spec.js');
  for (const secret of Object.values({ ...FIXTURES.inputs, ...FIXTURES.secrets })) expect(source + report).not.toContain(secret);
  const answer = await fetch(`${throughline.viewerUrl}/api/v1/sessions/${session}/export?format=playwright`);
  expect(await answer.text()).toBe(source);
  const { launchOptions } = testInfo.project.use;
  await writeFile(join(DIRECTORY, 'exported.config.mjs'), CONFIG.replace('${options}', JSON.stringify({ launchOptions })));
  const cli = resolve(import.meta.dirname, '../node_modules/@playwright/test/cli.js');
  const tried = async (url) => {
    const env = { BASE_URL: url, THROUGHLINE_SERVER: throughline.viewerUrl, INPUT_NAME: FIXTURES.inputs.name, INPUT_EMAIL: FIXTURES.inputs.email, SECRET_CARD: FIXTURES.secrets.card };
    return run(process.execPath, [cli, 'test', '--config', 'exported.config.mjs'], env);
  };
  const shop = await Shop.start(throughline);
  const passed = await tried(shop.url);
  expect(passed.code, `${passed.text}\n${source}`).toBe(0);
  await shop.dispose();
  // The seat service refuses every seat: the page does all that it did, and the trace says what did not happen.
  const broken = await Shop.start(throughline);
  const front = await OtherBuild.before(broken.url, { headers: { 'x-demo-faults': 'seat-conflict' } });
  const failed = await tried(front.url);
  await front.dispose();
  await broken.dispose();
  expect(failed.code).toBe(1);
  expect(failed.text).toMatch(/the trace of click "Book Now"[\s\S]*seating/);
});
