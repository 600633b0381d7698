// A booking that is recorded, done again, and looked at.

import { spawn } from 'node:child_process';
import { createServer, request as ask } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { throughlineBinary } from './binaries.js';
import { BROWSER_SERVICE, SERVICES } from './shop.js';

/** What a visitor enters: no session records it. */
export const FIXTURES = {
  inputs: { name: 'Ada Lovelace', email: 'ada@example.org' },
  secrets: { card: '4242 4242 4242 4242' },
};

/**
 * Books a seat as a visitor does, and waits until all of it has arrived.
 *
 * @param {import('@playwright/test').Page} page
 * @param {string} url the shop
 * @param {import('./throughline.js').Throughline} throughline
 * @returns {Promise<string>} the session's id
 */
export async function recordBooking(page, url, throughline) {
  await page.goto(url);
  await page.locator('#seats:not([aria-busy])').waitFor();
  // The step log is a part of what the tracer fetches when the browser is first idle.
  await throughline.waitForTraceOf(BROWSER_SERVICE, (trace) => trace.roots[0].attributes['throughline.action'] === 'load', 'of the load');
  await page.getByRole('radio', { name: /Night Signal/ }).click();
  await page.locator('#seats:not([aria-busy])').waitFor();
  await page.getByRole('radio', { name: /Row C, seat 3/ }).click();
  await page.getByTestId('name').fill(FIXTURES.inputs.name);
  await page.getByTestId('email').fill(FIXTURES.inputs.email);
  await page.getByTestId('card').fill(FIXTURES.secrets.card);
  await page.getByTestId('book').click();
  await page.getByTestId('trace-link').waitFor();
  const traceId = (await page.getByTestId('trace-link').getAttribute('href')).split('/').pop();
  const trace = await throughline.waitForTrace(traceId, (read) => read.roots[0].name === 'click "Book Now"' && SERVICES.every((service) => read.find({ service, kind: 'server' })));
  return trace.roots[0].attributes['session.id'];
}

/**
 * Runs `throughline replay` in a directory of its own.
 *
 * @param {string} session
 * @param {{server: string, env: string, fixtures?: object, args?: string[], variables?: Record<string, string>}} options
 * @returns {Promise<{code: number, stdout: string, stderr: string, outcome: any}>} `outcome` is null where it printed no JSON
 */
export async function replay(session, { server, env, fixtures = FIXTURES, args = [], variables = {} }) {
  const directory = await mkdtemp(join(tmpdir(), 'throughline-replay-'));
  try {
    const file = join(directory, 'fixtures.json');
    await writeFile(file, JSON.stringify(fixtures));
    const tests = resolve(import.meta.dirname, '..');
    const fixed = ['replay', session, '--server', server, '--env', env, '--fixtures', file, '--playwright', tests, '--format', 'json'];
    if (!args.includes('--screenshots')) fixed.push('--screenshots', join(directory, 'pictures'));
    const child = spawn(throughlineBinary(), [...fixed, ...args], { env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const [code] = await once(child, 'close');
    return { code, stdout, stderr, outcome: stdout.startsWith('{') ? JSON.parse(stdout) : null };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What an outcome blames: the kind, service and step of each finding that counts. */
export function blamed(outcome, kinds = ['new_error', 'missing_write', 'n_plus_one', 'slower', 'missing', 'new', 'count']) {
  return outcome.runs.flatMap(({ steps }) => steps.flatMap(({ name, findings }) => findings.filter(({ kind }) => kinds.includes(kind)).map(({ kind, service, text }) => ({ kind, service, step: name, text }))));
}

/** A build of the shop that is a little different: its page is rewritten, its requests carry further headers. */
export class OtherBuild {
  /**
   * @param {string} url the shop
   * @param {{rewrite?: (html: string) => string, headers?: Record<string, string>, renew?: () => Promise<string>}} [how] `renew`, asked
   *   for at `/renew`, gives the address of another shop that is used from then on
   */
  static async before(url, { rewrite = (text) => text, headers = {}, renew } = {}) {
    const build = new OtherBuild();
    build.server = createServer(async (asked, answer) => {
      if (renew && asked.url === '/renew') {
        url = await renew();
        answer.end();
        return;
      }
      const target = new URL(asked.url, url);
      const passed = { ...asked.headers, ...headers, host: target.host, 'accept-encoding': 'identity' };
      const onward = ask(target, { method: asked.method, headers: passed }, async (got) => {
        const text = /html|javascript/.test(got.headers['content-type'] ?? '');
        if (!text) {
          answer.writeHead(got.statusCode, got.headers);
          got.pipe(answer);
          return;
        }
        const parts = [];
        for await (const part of got) parts.push(part);
        const body = Buffer.from(rewrite(Buffer.concat(parts).toString()));
        answer.writeHead(got.statusCode, { ...got.headers, 'content-length': body.length });
        answer.end(body);
      });
      onward.on('error', () => answer.destroy());
      asked.pipe(onward);
    });
    build.server.listen(0, '127.0.0.1');
    await once(build.server, 'listening');
    build.url = `http://127.0.0.1:${build.server.address().port}`;
    return build;
  }

  async dispose() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
