// The recording of a page: when it is made, what of it leaves the page, and what is kept.

import { expect, press, test } from '../harness/fixtures.js';
import { until } from '../harness/poll.js';

/** rrweb's kinds of events. */
const SNAPSHOT = 2;
const CUSTOM = 5;
/** What the tracer's last requests may have together, in bytes. */
const KEEPALIVE_BYTES = 65_536;

const TYPED = { email: 'rosalind@franklin.example', password: 'photo51!', note: 'double helix', editor: 'base pairs' };
/** Every text that the page has, and its address. */
const STANDING = 'Rosalind-';

const forms = (text) => [text, encodeURIComponent(text), Buffer.from(text).toString('base64').replace(/.{0,2}=*$/, '')];

const recorder = /\/throughline\.replay-[^/]+\.js$/;
const recorderRuns = (page) => page.waitForFunction((source) => performance.getEntriesByType('resource').some(({ name }) => new RegExp(source).test(name)), recorder.source);

/** The session of a service, once the server knows one. */
async function sessionOf(throughline, service) {
  const trace = await throughline.waitForTraceOf(service, (one) => one.roots[0].attributes['session.id'], 'of a session');
  return trace.roots[0].attributes['session.id'];
}

/** The stored events of a session's only recording, once they are `enough`. */
async function recording(throughline, session, enough) {
  let events = [];
  return until(
    `the recording of ${session} is stored`,
    async () => {
      const { streams } = await throughline.api(`/api/v1/sessions/${session}/replay`);
      if (!streams.length) return undefined;
      expect(streams).toHaveLength(1);
      expect(streams[0].missing).toEqual([]);
      events = await throughline.api(`/api/v1/sessions/${session}/replay/${streams[0].stream}`);
      return enough(events) ? events : undefined;
    },
    { otherwise: () => JSON.stringify(events).slice(0, 2_000) || 'nothing' },
  );
}

const marksOf = (events) => events.filter(({ type, data }) => type === CUSTOM && data.tag === 'throughline').map(({ data }) => data.payload);

/** Whether an element got this class in what was recorded. */
const hasClass = (name) => (events) => events.some(({ data }) => data.attributes?.some(({ attributes }) => attributes.class === name));

test('a recorded page has marks of its actions, and no text, value, attribute or address that tells of its user', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  const url = app.publish('recording.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector', 'data-replay': 'always' }) });
  await page.goto(`${url}?name=Rosalind-Query#Rosalind-Fragment`);
  await recorderRuns(page);
  for (const [id, text] of Object.entries(TYPED)) {
    await page.locator(`#${id}`).click();
    await page.keyboard.type(text);
  }
  await press(page, page.locator('#book'));
  const trace = await throughline.waitForTraceOf(service, (one) => one.find('click "Book"'), 'of the booking');
  const { traceId, spanId } = trace.find('click "Book"');
  const session = await sessionOf(throughline, service);
  const events = await recording(throughline, session, hasClass('booked'));

  // It is a recording: of the page's shape, its styles, and what was entered as dots.
  const text = JSON.stringify(events);
  expect(events.find(({ type }) => type === SNAPSHOT)).toBeTruthy();
  expect(text).toContain('"class":"shown"');
  expect(text).toContain('rgb(1, 2, 3)');
  expect(text).toContain('••••');
  expect(marksOf(events)).toContainEqual({ traceId, spanId });

  const sent = app.requests.slice(from).filter(({ path }) => path.startsWith('/collector/'));
  const chunks = sent.filter(({ path }) => path === '/collector/v1/replay');
  expect(chunks.length).toBeGreaterThan(0);
  expect(chunks[0].headers['content-encoding']).toBe('gzip');
  expect(chunks.every(({ headers }) => !headers.cookie && !headers.traceparent)).toBe(true);
  const files = await throughline.storedFiles();
  const places = {
    'the API': text,
    'what was sent': Buffer.concat(chunks.map(({ body }) => body)).toString('latin1'),
    ...Object.fromEntries(files.map(({ path, bytes }) => [path, bytes.toString('latin1')])),
  };
  // What is searched for would be found.
  expect(Object.values(places).some((place) => place.includes(session))).toBe(true);
  for (const secret of [STANDING, ...Object.values(TYPED)]) {
    for (const form of forms(secret)) for (const [place, bytes] of Object.entries(places)) expect(bytes.includes(form), `${form} in ${place}`).toBe(false);
  }
});

test('nothing is loaded or sent of a page that does not ask for it', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector' }) }));
  await press(page, page.locator('#book'));
  await throughline.waitForTraceOf(service, (one) => one.find('click "Book"'), 'of the booking');
  expect(asked.some((url) => /\/throughline\.late-/.test(url))).toBe(true);
  expect(asked.some((url) => recorder.test(url))).toBe(false);
  expect(app.requests.slice(from).some(({ path }) => path.endsWith('/replay'))).toBe(false);
});

test('what went before an error is kept, and is sent only with the error', async ({ page, app, throughline, service }) => {
  // To the server itself, which is another origin.
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-replay': 'error' }) }));
  await recorderRuns(page);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await press(page, page.locator('#book'));
  const session = await sessionOf(throughline, service);
  await page.locator('.booked').waitFor();
  // Longer than it would be until the next chunk.
  await page.waitForTimeout(6_000);
  expect((await throughline.api(`/api/v1/sessions/${session}/replay`)).streams).toEqual([]);
  expect(asked.some((url) => url.endsWith('/v1/replay'))).toBe(false);
  await press(page, page.locator('#fail'));
  const events = await recording(throughline, session, hasClass('booked'));
  expect(events.findIndex(({ type }) => type === SNAPSHOT)).toBeLessThan(events.findIndex((event) => hasClass('booked')([event])));
});

test('nothing is sent without consent', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector', 'data-replay': 'always', 'data-consent': 'required' }) }));
  await recorderRuns(page);
  await press(page, page.locator('#book'));
  await page.locator('.booked').waitFor();
  await page.waitForTimeout(6_000);
  expect(app.requests.slice(from).filter(({ path }) => path.startsWith('/collector/'))).toEqual([]);
  await page.evaluate(() => throughline.consent(true));
  await recording(throughline, await sessionOf(throughline, service), hasClass('booked'));
  await page.evaluate(() => throughline.consent(false));
  const after = app.requests.length;
  await press(page, page.locator('#book'));
  await page.waitForTimeout(6_000);
  expect(app.requests.slice(after).some(({ path }) => path.endsWith('/replay'))).toBe(false);
});

test('what was not sent yet goes with the page', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector', 'data-replay': 'always' }) }));
  await recorderRuns(page);
  const chunks = () => app.requests.slice(from).filter(({ path }) => path.endsWith('/replay'));
  await until('the first chunk is sent', () => chunks().length === 1);
  const session = await sessionOf(throughline, service);
  await recording(throughline, session, () => true);
  await page.evaluate(() => {
    document.querySelector('#result').className = 'leaving';
    return new Promise(requestAnimationFrame);
  });
  await page.goto('about:blank');
  await recording(throughline, session, hasClass('leaving'));
  const last = chunks().at(-1);
  expect(last.headers['content-encoding']).toBeUndefined();
  expect(last.body.length).toBeLessThan(KEEPALIVE_BYTES);
});

test('a chunk that has not arrived yet goes with the page as well, before what follows it', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  let refused = 0;
  app.collectorAnswer = ({ path }) => (path.endsWith('/replay') ? (refused++, { status: 503, headers: {}, body: '' }) : undefined);
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-endpoint': '/collector', 'data-replay': 'always' }) }));
  await recorderRuns(page);
  await press(page, page.locator('#book'));
  const session = await sessionOf(throughline, service);
  await until('a chunk is refused', () => refused > 0);
  await page.evaluate(() => {
    document.querySelector('#result').className = 'leaving';
    return new Promise(requestAnimationFrame);
  });
  app.collectorAnswer = undefined;
  await page.goto('about:blank');
  const events = await recording(throughline, session, hasClass('leaving'));
  expect(events.some(({ type }) => type === SNAPSHOT)).toBe(true);
});

test('a poor interaction is kept like an error', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('recording.html', { tag: throughline.tag(service, { 'data-replay': 'error' }) }));
  await recorderRuns(page);
  await page.evaluate(() =>
    document.querySelector('#book').addEventListener('click', () => {
      const end = performance.now() + 700;
      while (performance.now() < end);
    }),
  );
  await press(page, page.locator('#book'));
  await recording(throughline, await sessionOf(throughline, service), hasClass('booked'));
});

test('each tab of a session is a stream of its own', async ({ page, context, app, throughline, service }) => {
  const url = app.publish('recording.html', { tag: throughline.tag(service, { 'data-replay': 'always' }) });
  const tabs = [page, await context.newPage()];
  for (const tab of tabs) {
    await tab.bringToFront();
    await tab.goto(url);
    await recorderRuns(tab);
    await press(tab, tab.locator('#book'));
    await tab.locator('.booked').waitFor();
  }
  const session = await sessionOf(throughline, service);
  const streams = await until('both tabs are stored', async () => {
    const { streams } = await throughline.api(`/api/v1/sessions/${session}/replay`);
    return streams.length === 2 && streams;
  });
  for (const { stream, missing } of streams) {
    expect(missing).toEqual([]);
    const events = await throughline.api(`/api/v1/sessions/${session}/replay/${stream}`);
    expect(events.some(({ type }) => type === SNAPSHOT)).toBe(true);
  }
});

test('chunks are made in a worker, and by the page where its policy has none', async ({ browser, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const errors = [];
  // Each is a visitor, whose session has one recording.
  const visit = async (name, headers) => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    const tag = throughline.tag(name, { 'data-endpoint': '/collector', 'data-replay': 'always' });
    await page.goto(app.publish('recording.html', { tag, headers }));
    await recorderRuns(page);
    await press(page, page.locator('#book'));
    await recording(throughline, await sessionOf(throughline, name), hasClass('booked'));
    const workers = page.workers().length;
    await page.close();
    return workers;
  };
  expect(await visit(service, {})).toBe(1);
  const policy = `script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' ${throughline.ingestUrl}`;
  expect(await visit(`${service}-strict`, { 'content-security-policy': policy })).toBe(0);
  expect(errors).toEqual([]);
});
