// A server that asks for tokens: who may see what, in the viewer.

import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '../harness/fixtures.js';
import { picture, rewording, sendRecording } from '../harness/recording.js';
import { recordBooking, replay } from '../harness/replay.js';
import { findTrace, INCIDENT, test } from '../harness/sample.js';
import { Shop } from '../harness/shop.js';
import { Throughline } from '../harness/throughline.js';

const TOKENS = { vera: 'the-token-of-those-who-view', rita: 'the-token-of-those-who-replay', ada: 'the-token-of-administrators' };

test('somebody signs in, reads, downloads and signs out, and others are turned away', async ({ page, sampled }) => {
  test.setTimeout(120_000);
  const trace = await findTrace(sampled, INCIDENT);
  await sampled.stop();
  const server = new Throughline(sampled.dataDirectory);
  const env = { VIEW_TOKEN: TOKENS.vera, REPLAY_TOKEN: TOKENS.rita, ADMIN_TOKEN: TOKENS.ada };
  const tokens = ['vera view env:VIEW_TOKEN', 'rita view,replay env:REPLAY_TOKEN', 'ada admin env:ADMIN_TOKEN'];
  await server.launch('127.0.0.1:0', '127.0.0.1:0', 'localhost:0', '127.0.0.1:0', { args: tokens.flatMap((token) => ['--tokens', token]), env });
  try {
    expect((await fetch(`${server.viewerUrl}/api/v1/services`)).status).toBe(401);

    await page.goto(`${server.viewerUrl}/trace/${trace}`);
    await expect(page.getByRole('heading', { name: 'Sign in with a token' })).toBeVisible();
    await page.getByLabel('Token').fill('a-token-that-nobody-has-made');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'does not know the token' })).toBeVisible();
    await page.getByLabel('Token').fill(TOKENS.vera);
    await page.getByRole('button', { name: 'Sign in' }).click();

    // The page that was asked for is shown, and again after a reload.
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.reload();
    await expect(page.getByRole('treegrid')).toBeVisible();
    expect(page.url()).not.toContain(TOKENS.vera);
    expect(await page.evaluate(() => document.cookie + JSON.stringify(localStorage))).not.toContain(TOKENS.vera);

    // A file comes with the token, under the name that the server gives it.
    await page.locator('summary', { hasText: 'Share' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /OTLP/ }).click()]);
    expect(download.suggestedFilename()).toBe(`trace-${trace}.otlp.json`);
    expect(await readFile(await download.path(), 'utf8')).toContain(trace);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByRole('heading', { name: 'Sign in with a token' })).toBeVisible();
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Sign in with a token' })).toBeVisible();

    const audit = async (token) => fetch(`${server.viewerUrl}/api/v1/audit`, { headers: { authorization: `Bearer ${token}` } });
    expect((await audit(TOKENS.rita)).status).toBe(403);
    const { entries } = await (await audit(TOKENS.ada)).json();
    expect(entries.map(({ event }) => event)).toContain('unauthenticated');
    expect(JSON.stringify(entries)).not.toContain('the-token-of');
  } finally {
    await server.process.stop();
    await sampled.restart();
  }
});

test('a session is recorded, seen and done again on a server that asks for tokens, by those who may', async ({ page }) => {
  test.setTimeout(240_000);
  const server = new Throughline(await mkdtemp(join(tmpdir(), 'throughline-test-')));
  const args = ['--tokens', 'vera view env:VIEW_TOKEN; rita view,replay env:REPLAY_TOKEN'];
  await server.launch('127.0.0.1:0', '127.0.0.1:0', 'localhost:0', '127.0.0.1:0', { args, env: { VIEW_TOKEN: TOKENS.vera, REPLAY_TOKEN: TOKENS.rita } });
  server.headers = { authorization: `Bearer ${TOKENS.rita}` };
  try {
    const shop = await Shop.start(server);
    const session = await recordBooking(page, shop.url, server);
    await shop.dispose();
    const { summary } = await server.api(`/api/v1/sessions/${session}`);
    const from = Number(BigInt(summary.start) / 1_000_000n);
    await sendRecording(server, { session, stream: 'tab', events: [...picture(from, 'What the visitor saw'), rewording(from + 900, 'And then')] });

    const as = async (token) => {
      await page.goto(server.viewerUrl);
      await page.evaluate((value) => sessionStorage.setItem('throughline.token', value), token);
      await page.goto(`${server.viewerUrl}/session/${session}`);
      await expect(page.locator('.session__head h1')).toBeVisible();
    };
    await as(TOKENS.vera);
    await expect(page.getByText('The screen was recorded. To see it, sign in with a token')).toBeVisible();
    await as(TOKENS.rita);
    await expect(page.frameLocator('iframe').first().frameLocator('iframe').getByText('What the visitor saw')).toBeVisible();

    const again = async (variables) => {
      const target = await Shop.start(server);
      try {
        return await replay(session, { server: server.viewerUrl, env: target.url, args: ['--allow-writes'], variables });
      } finally {
        await target.dispose();
      }
    };
    const nobody = await again({});
    expect({ code: nobody.code, stderr: nobody.stderr }).toEqual({ code: 2, stderr: expect.stringContaining('THROUGHLINE_TOKEN') });
    const run = await again({ THROUGHLINE_TOKEN: TOKENS.rita });
    expect({ code: run.code, verdict: run.outcome?.verdict }, run.stderr).toEqual({ code: 0, verdict: 'REPRODUCED' });
    expect((await server.api(`/api/v1/runs/${run.outcome.page.split('/').pop()}`)).by).toBe('rita');
    // Whoever may only view does it again all the same, and the server keeps nothing of it.
    const viewed = await again({ THROUGHLINE_TOKEN: TOKENS.vera });
    expect({ code: viewed.code, page: viewed.outcome?.page }, viewed.stderr).toEqual({ code: 0, page: undefined });
    expect(viewed.stderr).toContain('vera lacks the role replay');

    await page.goto(run.outcome.page);
    await page.getByRole('button', { name: 'Pictures of every step' }).click();
    await expect(page.locator('.run__step img').first()).toBeVisible();
    await as(TOKENS.vera);
    await page.goto(run.outcome.page);
    await page.getByRole('button', { name: 'Pictures of every step' }).click();
    await expect(page.getByText('vera lacks the role replay').first()).toBeVisible();
  } finally {
    await server.dispose();
  }
});
