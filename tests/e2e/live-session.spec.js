// A visit that is still being recorded: its page goes on by itself.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
import { picture, rewording, sendRecording } from '../harness/recording.js';

const playhead = (page) => page.getByRole('slider', { name: 'Playhead' });

const shownText = (page, throughline) =>
  page
    .frames()
    .find((frame) => frame.url().startsWith(throughline.playerUrl))
    ?.evaluate(() => document.querySelector('.replayer-wrapper iframe')?.contentDocument?.body?.textContent ?? '');

test('new steps and pictures come into the page that is open, the playhead stays, and an old visit is left alone', async ({ page, throughline, service }) => {
  const start = Date.now() - 20_000;
  const act = (session, name, startMillis) =>
    throughline.sendTraces(makeTrace({ name, service, tookMillis: 500, resource: { 'telemetry.sdk.language': 'webjs' }, attributes: { 'throughline.action': 'click', 'session.id': session } }, { startMillis }).body);
  const session = `live-${service}`;
  await act(session, 'click "One"', start);
  await sendRecording(throughline, { session, stream: 'tab', events: [...picture(start + 100, 'before'), rewording(start + 5_000, 'first')] });

  const reads = [];
  page.on('request', (request) => reads.push(new URL(request.url()).pathname + new URL(request.url()).search));
  await page.goto(`${throughline.viewerUrl}/session/${session}?at=2000`);
  const mark = page.getByRole('button', { name: /^Recording, \d+\ss behind$/ });
  await expect(mark).toBeVisible();
  await expect.poll(() => shownText(page, throughline)).toBe('before');
  const actions = page.getByRole('list', { name: 'Actions', exact: true }).getByRole('button');
  await expect(actions).toHaveCount(1);
  // A frame that is loaded anew, or a page, would forget this.
  await page.evaluate(() => (window.stillHere = true));
  const player = page.frames().find((frame) => frame.url().startsWith(throughline.playerUrl));
  await player.evaluate(() => (window.stillHere = true));
  await actions.first().focus();

  await act(session, 'click "Two"', start + 8_000);
  await sendRecording(throughline, { session, stream: 'tab', number: 1, events: [rewording(start + 9_000, 'second')] });
  await expect(actions).toHaveCount(2);
  await expect(playhead(page)).toHaveAttribute('max', '9000');
  await expect(playhead(page)).toHaveValue('2000');
  await expect(actions.first()).toBeFocused();
  expect(await shownText(page, throughline)).toBe('before');

  // To the newest moment, where it waits for what comes next.
  await mark.click();
  await expect.poll(() => shownText(page, throughline)).toBe('second');
  await sendRecording(throughline, { session, stream: 'tab', number: 2, events: [rewording(start + 12_000, 'third')] });
  await expect.poll(() => shownText(page, throughline)).toBe('third');
  expect(await page.evaluate(() => window.stillHere)).toBe(true);
  expect(await player.evaluate(() => window.stillHere)).toBe(true);

  // Only what is new is asked for, and the recording as a whole once.
  const chunks = reads.filter((path) => path.includes('/replay/tab'));
  expect(chunks[0]).toMatch(/from=0&until=0$/);
  expect(chunks.slice(1).map((path) => path.replace(/.*\?/, ''))).toEqual(['from=1&until=1', 'from=2&until=2']);

  const over = `over-${service}`;
  await act(over, 'click "Long ago"', start - 3_600_000);
  await page.goto(`${throughline.viewerUrl}/session/${over}`);
  await expect(page.getByRole('list', { name: 'Actions', exact: true }).getByRole('button')).toHaveCount(1);
  await expect(page.getByRole('button', { name: /behind$/ })).toHaveCount(0);
});
