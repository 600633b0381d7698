// The player: a recorded page beside its timeline, and recordings that would do more than be looked at.

import { createServer } from 'node:http';

import { expect, test } from '../harness/fixtures.js';
import { START, attack, hostileRecordings, marker } from '../harness/hostile-recordings.js';
import { makeTrace } from '../harness/otlp.js';
import { until } from '../harness/poll.js';
import { picture, rewording, sendRecording } from '../harness/recording.js';
import { FIXTURES, recordBooking } from '../harness/replay.js';
import { Shop } from '../harness/shop.js';

const screen = (page) => page.locator('iframe[title="The screen"]');
const playhead = (page) => page.getByRole('slider', { name: 'Playhead' });

/** What the player has told the viewer, from the page's first moment on. */
async function hearPlayer(page) {
  await page.addInitScript(() => {
    if (window.parent !== window) return;
    window.heard = [];
    window.addEventListener('message', ({ data, origin }) => window.heard.push({ ...data, origin }));
  });
}

const heard = (page, kind) => page.evaluate((wanted) => window.heard.filter((message) => message.kind === wanted), kind);

/** The frame of the player's page. */
const playerFrame = (page, throughline) => page.frames().find((frame) => frame.url().startsWith(throughline.playerUrl));

/** What stands on the recorded page that is shown; nothing while there is none. */
const shownText = async (page, throughline) =>
  playerFrame(page, throughline)?.evaluate(() => document.querySelector('.replayer-wrapper iframe')?.contentDocument?.body?.textContent ?? '');

test.describe('a recorded booking', () => {
  /** Recorded once; each test looks at it. */
  let session;
  let throughlineUrl;

  test.beforeAll(async ({ browser, throughline }) => {
    const shop = await Shop.start(throughline, { replay: 'always' });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      session = await recordBooking(page, shop.url, throughline);
      throughlineUrl = throughline.viewerUrl;
      const traceId = (await page.getByTestId('trace-link').getAttribute('href')).split('/').pop();
      await until('the booking and what it changed are in the recording', async () => {
        const { streams } = await throughline.api(`/api/v1/sessions/${session}/replay`);
        if (!streams.length) return false;
        const events = await throughline.api(`/api/v1/sessions/${session}/replay/${streams[0].stream}`);
        const booked = events.findIndex(({ type, data }) => type === 5 && data.payload.traceId === traceId);
        return booked >= 0 && events.slice(booked).some(({ data }) => data.source === 0);
      });
      await page.close();
    } finally {
      await shop.dispose();
    }
  });

  test('is shown beside its timeline, its texts masked, and follows the playhead both ways', async ({ page, throughline, complaints }) => {
    await hearPlayer(page);
    await page.goto(`${throughlineUrl}/session/${session}`);
    const film = page.getByRole('list', { name: 'Actions' }).getByRole('button');
    const book = film.filter({ hasText: 'Book Now' });
    await book.click();
    await expect.poll(async () => (await heard(page, 'ready')).length).toBe(1);
    expect((await heard(page, 'ready'))[0].origin).toBe(throughline.playerUrl);
    await expect.poll(() => shownText(page, throughline)).toContain('••••');
    const text = await shownText(page, throughline);
    expect(text).not.toMatch(/[A-Za-z0-9]/);
    const fields = () => playerFrame(page, throughline).evaluate(() => [...document.querySelector('.replayer-wrapper iframe').contentDocument.querySelectorAll('input:not([type=radio], [type=checkbox])')].map(({ value }) => value).filter((value) => value.includes('•')));
    // Each field has as many dots as were typed.
    expect((await fields()).map((value) => value.length)).toEqual([FIXTURES.inputs.name, FIXTURES.inputs.email, FIXTURES.secrets.card].map((value) => value.replace(/\s/g, '•').length));
    await expect(page.getByRole('list', { name: 'Waterfall' })).toContainText('Book Now');

    // Back to where nothing was typed.
    await film.first().click();
    await expect.poll(fields).toEqual([]);
    // And on by the scrubber's own keys.
    await playhead(page).press('End');
    await expect.poll(async () => (await fields()).length).toBe(3);
    await page.keyboard.press('Tab');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test('keeps nothing of what was typed, in what it gives out or on disk', async ({ throughline }) => {
    const { streams } = await throughline.api(`/api/v1/sessions/${session}/replay`);
    const recordings = await Promise.all(streams.map(({ stream }) => throughline.api(`/api/v1/sessions/${session}/replay/${stream}`)));
    const places = { 'the recordings': JSON.stringify(recordings) };
    for (const { path, bytes } of await throughline.storedFiles()) places[path] = bytes.toString('latin1');
    // What is searched for would be found.
    expect(Object.values(places).some((place) => place.includes(session))).toBe(true);
    const { name, email } = FIXTURES.inputs;
    const { card } = FIXTURES.secrets;
    for (const typed of [name, email, card, card.replaceAll(' ', '')]) {
      for (const form of [typed, encodeURIComponent(typed)]) for (const [place, text] of Object.entries(places)) expect(text.includes(form), `${form} in ${place}`).toBe(false);
    }
  });

  test('plays with the playhead, at a speed, up to its end', async ({ page, throughline }) => {
    await hearPlayer(page);
    await page.goto(`${throughlineUrl}/session/${session}?speed=8&skip=off`);
    await expect.poll(async () => (await heard(page, 'shown')).length).toBeGreaterThan(0);
    const end = Number(await playhead(page).getAttribute('max'));
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    // The visit was a moment ago: at its end the page waits for what may come, for a minute.
    await expect(playhead(page)).toHaveValue(String(end));
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible({ timeout: 90_000 });
    expect(Number(await playhead(page).inputValue())).toBe(end);
    expect(new URL(page.url()).searchParams.get('speed')).toBe('8');
    const fields = await playerFrame(page, throughline).evaluate(() => [...document.querySelector('.replayer-wrapper iframe').contentDocument.querySelectorAll('input:not([type=radio], [type=checkbox])')].filter(({ value }) => value.includes('•')).length);
    expect(fields).toBe(3);
  });

  test('is controlled by keys, and the whole state is in the address', async ({ page }) => {
    await hearPlayer(page);
    await page.goto(`${throughlineUrl}/session/${session}`);
    await expect.poll(async () => (await heard(page, 'shown')).length).toBeGreaterThan(0);
    await page.keyboard.press('>');
    await page.keyboard.press('s');
    await page.keyboard.press('l');
    const at = Number(await playhead(page).inputValue());
    expect(at).toBeGreaterThan(0);
    await expect.poll(() => Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ at: String(at), speed: '2', skip: 'off' });
    await page.getByRole('button', { name: 'Steps' }).click();
    await expect(page.getByRole('list', { name: 'Storyboard' })).toContainText('Book Now');
    await page.reload();
    await expect(page.getByRole('list', { name: 'Storyboard' })).toContainText('Book Now');
    await expect(playhead(page)).toHaveValue(String(at));
    await expect(page.getByRole('button', { name: '2× speed' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Skip idle' })).toHaveAttribute('aria-pressed', 'false');
  });

  test('is where a span of its traces leads', async ({ page, throughline }) => {
    const [summary] = await throughline.search('{ name = "click \\"Book Now\\"" }', { limit: 1 });
    const trace = await throughline.readTrace(summary.traceId);
    const span = trace.find({ service: 'payment', kind: 'server' });
    await hearPlayer(page);
    await page.goto(`${throughlineUrl}/trace/${summary.traceId}?span=${span.spanId}`);
    await page.getByRole('link', { name: 'The screen at this moment' }).click();
    await expect(page.getByRole('list', { name: 'Actions' })).toBeVisible();
    await expect.poll(() => shownText(page, throughline)).toContain('••••');
    const action = page.getByRole('list', { name: 'Actions' }).locator('[aria-current=step]');
    await expect(action).toContainText('Book Now');
  });

  test('is for the one origin of the viewer alone', async ({ page, app, throughline }) => {
    await page.goto(throughlineUrl.replace('localhost', '127.0.0.1') + `/session/${session}`);
    await expect(page.getByRole('link', { name: throughlineUrl })).toBeVisible();
    await expect(screen(page)).toHaveCount(0);
    // Another site cannot hold the player.
    await page.goto(app.publish('recording.html', { tag: '' }));
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), `${throughline.playerUrl}/`);
    await refused;
  });
});

test.describe('what is missing', () => {
  const at = (millis) => START + millis;

  test('is said with its seconds, and so is which page is shown', async ({ page, throughline, service }) => {
    const session = `gaps-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 60_000));
    await sendRecording(throughline, { session, stream: 'first', events: [...picture(at(1_000), 'one'), rewording(at(10_000), 'two')] });
    await sendRecording(throughline, { session, stream: 'first', number: 3, events: [rewording(at(22_500), 'three'), ...picture(at(30_000), 'four')] });
    await sendRecording(throughline, { session, stream: 'second', events: [...picture(at(40_000), 'other'), rewording(at(50_000), 'end')] });
    await hearPlayer(page);
    await page.goto(`${throughline.viewerUrl}/session/${session}?at=10000`);
    const said = page.locator('.screen__said');
    const shows = (words) => expect.poll(() => shownText(page, throughline)).toBe(words);
    await shows('two');
    await expect(said).toBeEmpty();
    await page.getByRole('button', { name: /12.5.s are missing from 00:10.0/ }).click();
    for (const [millis, words, expected] of [
      [0, 'one', /begins at 00:01.0/],
      [15_000, 'two', /Nothing is known of this moment: 12.5.s are missing/],
      [25_000, 'three', /may have looked different: 12.5.s are missing/],
      // A picture is shown at its own instant already.
      [30_000, 'four', /^$/],
      [45_000, 'other', /^$/],
      [55_000, 'end', /ends at 00:50.0/],
      [9_000, 'one', /^$/],
    ]) {
      await playhead(page).fill(String(millis));
      await shows(words);
      await expect(said).toHaveText(expected);
    }
    const choice = page.getByRole('combobox', { name: 'Recorded page' });
    await choice.selectOption('second');
    await shows('other');
    await expect(playhead(page)).toHaveValue('40000');
    await expect.poll(() => new URL(page.url()).searchParams.get('page')).toBe('second');
    await choice.selectOption('first');
    await shows('one');
    await expect(playhead(page)).toHaveValue('1000');
    await page.reload();
    await shows('one');
    await expect(choice).toHaveValue('first');
  });

  test('is no colour: a page has those that its visitor prefers', async ({ page, throughline, service }) => {
    const session = `dark-${service}`;
    const attributes = { 'throughline.action': 'click', 'session.id': session, 'throughline.step.selectors': ['testid=look'], 'throughline.step.color_scheme': 'dark' };
    await throughline.sendTraces(makeTrace({ name: 'click "Look"', service, tookMillis: 1_000, resource: { 'telemetry.sdk.language': 'webjs' }, attributes }, { startMillis: START }).body);
    const [meta, whole] = picture(START + 100, 'text');
    const style = { type: 2, id: 9, tagName: 'style', attributes: {}, childNodes: [{ type: 3, id: 10, isStyle: true, textContent: 'body { background: white } @media (prefers-color-scheme: dark) { body { background: rgb(1, 2, 3) } }' }] };
    whole.data.node.childNodes[0].childNodes[0].childNodes.push(style);
    await sendRecording(throughline, { session, stream: 'tab', events: [meta, whole, rewording(START + 900, 'end')] });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${throughline.viewerUrl}/session/${session}?at=500`);
    await expect.poll(() => shownText(page, throughline)).toContain('text');
    const colour = () => playerFrame(page, throughline).evaluate(() => getComputedStyle(document.querySelector('.replayer-wrapper iframe').contentDocument.body).backgroundColor);
    expect(await colour()).toBe('rgb(1, 2, 3)');
    await expect(page.locator('.facts')).toContainText('dark');
  });

  test('is said of a session whose screen was not recorded', async ({ page, throughline, service }) => {
    await throughline.sendTraces(sessionTrace(service, `silent-${service}`, 1_000));
    await page.goto(`${throughline.viewerUrl}/session/silent-${service}`);
    await expect(page.getByText('the recorder is off')).toBeVisible();
    await expect(page.getByRole('list', { name: 'Storyboard' })).toBeVisible();
    await expect(screen(page)).toHaveCount(0);
  });

  test('is said where the player or the recording cannot be had', async ({ page, throughline, service }) => {
    const session = `broken-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 1_000));
    await sendRecording(throughline, { session, stream: 'no-picture', events: [rewording(at(10), 'x')] });
    await page.goto(`${throughline.viewerUrl}/session/${session}`);
    await expect(page.locator('.screen__cover')).toContainText('no whole picture');
    await page.route('**/replay/no-picture?*', (route) => route.fulfill({ status: 503, json: { code: 'unavailable', message: 'the store cannot be read' } }));
    await page.reload();
    await expect(page.locator('.screen__cover')).toContainText('the store cannot be read');
    await page.route(`${throughline.playerUrl}/`, (route) => route.abort());
    await page.reload();
    await expect(page.locator('.screen__cover')).toContainText(`The player at ${throughline.playerUrl} does not answer`);
  });
});

/** A trace whose one action is the session's. */
function sessionTrace(service, session, tookMillis) {
  return makeTrace({ name: 'click "Look"', service, tookMillis, resource: { 'telemetry.sdk.language': 'webjs' }, attributes: { 'throughline.action': 'click', 'session.id': session } }, { startMillis: START }).body;
}

/** An origin that counts whoever comes, by a request or by a connection alone. */
class Beacon {
  static async start() {
    const beacon = new Beacon();
    beacon.asked = [];
    beacon.connections = 0;
    /** What it answers to everything. */
    beacon.page = '';
    beacon.server = createServer((request, response) => {
      beacon.asked.push(request.url);
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end(beacon.page);
    });
    beacon.server.on('connection', () => (beacon.connections += 1));
    await new Promise((resolve) => beacon.server.listen(0, '127.0.0.1', resolve));
    beacon.origin = `http://127.0.0.1:${beacon.server.address().port}`;
    return beacon;
  }

  dispose() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

test.describe('hostile recordings', () => {
  let beacon;
  test.beforeEach(async () => (beacon = await Beacon.start()));
  test.afterEach(() => beacon.dispose());

  /** Notes whatever leaves the two faces, opens a window, or is left behind in one. */
  async function watch(page, throughline) {
    const seen = { left: [], pages: 0, dialogs: 0 };
    const own = [throughline.viewerUrl, throughline.playerUrl];
    page.context().on('request', (request) => {
      const url = request.url();
      if (!own.some((origin) => url.startsWith(`${origin}/`)) && !/^(data|blob|about):/.test(url)) seen.left.push(url);
    });
    page.context().on('page', () => (seen.pages += 1));
    page.on('dialog', (dialog) => {
      seen.dialogs += 1;
      dialog.dismiss();
    });
    return seen;
  }

  async function nothingHappened(page, throughline, seen, address) {
    expect(seen).toEqual({ left: [], pages: 0, dialogs: 0 });
    expect([beacon.asked, beacon.connections]).toEqual([[], 0]);
    expect(new URL(page.url()).pathname).toBe(address);
    expect(await page.title()).toBe('Session · Throughline');
    expect(await page.evaluate(() => [window.hacked, localStorage.getItem('hacked'), document.cookie])).toEqual([undefined, null, '']);
    const player = playerFrame(page, throughline);
    const reached = await player.evaluate(() => {
      const inner = document.querySelector('.replayer-wrapper iframe');
      const frames = [...inner.contentDocument.querySelectorAll('iframe')];
      return {
        hacked: [window, inner.contentWindow, ...frames.map((frame) => frame.contentWindow)].map((one) => one?.hacked).filter(Boolean),
        sandbox: inner.getAttribute('sandbox'),
        acting: inner.contentDocument.querySelectorAll('script, object, embed, base, meta[http-equiv], [onclick], [onload], [onerror], [srcdoc], [href^="javascript"]').length,
      };
    });
    expect(reached).toEqual({ hacked: [], sandbox: 'allow-same-origin', acting: 0 });
  }

  /** Looks at all of a recording, at its end and its beginning, and plays some of it. */
  async function lookAtAll(page, throughline, name) {
    await expect.poll(() => shownText(page, throughline), name).toContain(marker(name));
    for (const at of ['2000', '0', '1000']) await playhead(page).fill(at);
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  }

  test('the attacks work where nothing stops them', async ({ page }) => {
    const code = attack(beacon.origin, 'control').replace(/try { top.location[^}]*} catch {}/, '');
    beacon.page = `<iframe srcdoc="<script>${code}</script>"></iframe>`;
    await page.goto(`${beacon.origin}/unprotected`);
    await until('the beacon is asked', () => beacon.asked.includes('/control') && beacon.asked.includes('/control-fetch'));
    expect(await page.evaluate(() => [window.hacked, document.title, localStorage.getItem('hacked')])).toEqual(['control', 'control', 'control']);
  });

  test('do nothing when they come through the server', async ({ page, throughline, service }) => {
    const session = `hostile-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 2_000));
    const recordings = hostileRecordings(beacon.origin);
    for (const { name, events } of recordings) await sendRecording(throughline, { session, stream: name, events });
    const seen = await watch(page, throughline);
    await hearPlayer(page);
    const address = `/session/${session}`;
    await page.goto(`${throughline.viewerUrl}${address}?speed=8&page=${recordings[0].name}`);
    for (const { name } of recordings) {
      await page.getByRole('combobox', { name: 'Recorded page' }).selectOption(name);
      await lookAtAll(page, throughline, name);
    }
    await nothingHappened(page, throughline, seen, address);
  });

  test('do nothing when they are handed to the player as they are', async ({ page, throughline, service }) => {
    const session = `handed-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 2_000));
    const recordings = hostileRecordings(beacon.origin, { depth: 1_000 });
    await sendRecording(throughline, { session, stream: 'harmless', events: recordings.find(({ name }) => name === 'other-kinds').events });
    const seen = await watch(page, throughline);
    await hearPlayer(page);
    const address = `/session/${session}`;
    await page.goto(`${throughline.viewerUrl}${address}?speed=8`);
    await expect.poll(async () => (await heard(page, 'ready')).length).toBe(1);
    for (const { name, events } of recordings) {
      await page.evaluate(
        ([stream, json, origin]) => {
          const { buffer } = new TextEncoder().encode(json);
          document.querySelector('iframe[title="The screen"]').contentWindow.postMessage({ kind: 'recording', stream, events: buffer }, origin, [buffer]);
        },
        [name, JSON.stringify(events), throughline.playerUrl],
      );
      await expect.poll(async () => (await heard(page, 'ready')).at(-1).stream).toBe(name);
      await lookAtAll(page, throughline, name);
      await nothingHappened(page, throughline, seen, address);
    }
  });

  test('would do nothing even where they were not cleaned', async ({ page, throughline, service }) => {
    const session = `raw-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 2_000));
    await sendRecording(throughline, { session, stream: 'harmless', events: hostileRecordings(beacon.origin).find(({ name }) => name === 'other-kinds').events });
    await hearPlayer(page);
    await page.goto(`${throughline.viewerUrl}/session/${session}`);
    await expect.poll(() => shownText(page, throughline)).toContain(marker('other-kinds'));
    const blocked = [];
    page.on('console', (message) => message.type() === 'error' && blocked.push(message.text()));
    await playerFrame(page, throughline).evaluate(([code, origin]) => {
      const { contentDocument } = document.querySelector('.replayer-wrapper iframe');
      contentDocument.body.innerHTML = `<img src="data:image/png;base64,x" onerror="${code}"><img src="${origin}/img"><iframe src="${origin}/frame"></iframe><iframe srcdoc="<script>${code}</script>"></iframe><iframe src="javascript:${code}"></iframe>
        <object data="${origin}/object"></object><embed src="${origin}/embed"><video src="${origin}/video"></video><style>@import url(${origin}/import); body { background: url(${origin}/css) }</style><link rel="stylesheet" href="${origin}/sheet"><svg onload="${code}"></svg>`;
      for (const text of [code, '']) {
        const script = contentDocument.createElement('script');
        if (text) script.textContent = text;
        else script.src = `${origin}/script`;
        contentDocument.body.append(script);
      }
      const meta = contentDocument.createElement('meta');
      meta.httpEquiv = 'refresh';
      meta.content = `0;url=${origin}/refresh`;
      contentDocument.head.append(meta);
    }, [attack(beacon.origin, 'raw'), beacon.origin]);
    // The browser tells of what it refused, in no order.
    await until('the policy and the sandbox have refused', () => [/\/img/, /\/css/, /\/sheet/, /\/import/, /allow-scripts/].every((refused) => blocked.some((text) => refused.test(text))), { otherwise: () => blocked.join('\n') });
    expect(beacon.asked).toEqual([]);
    expect(await page.evaluate(() => [window.hacked, localStorage.getItem('hacked'), document.title])).toEqual([undefined, null, 'Session · Throughline']);
    expect(await playerFrame(page, throughline).evaluate(() => window.hacked)).toBeUndefined();
  });

  test('what anybody else says in the player’s name is not heard', async ({ page, throughline, service }) => {
    const session = `forged-${service}`;
    await throughline.sendTraces(sessionTrace(service, session, 2_000));
    await sendRecording(throughline, { session, stream: 'harmless', events: hostileRecordings(beacon.origin).find(({ name }) => name === 'other-kinds').events });
    await hearPlayer(page);
    await page.goto(`${throughline.viewerUrl}/session/${session}`);
    await expect.poll(() => shownText(page, throughline)).toContain(marker('other-kinds'));
    await page.evaluate(() => window.postMessage({ kind: 'failed', reason: 'forged' }, '*'));
    await expect.poll(async () => (await heard(page, 'failed')).length).toBe(1);
    await expect(page.getByText('forged')).toHaveCount(0);
  });
});
