// A server that asks for tokens: who may see what, in the viewer.

import { readFile } from 'node:fs/promises';

import { expect } from '../harness/fixtures.js';
import { findTrace, INCIDENT, test } from '../harness/sample.js';
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
