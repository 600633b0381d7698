// What leaves the page and what stays in the browser: no secret in either, and nothing at all without consent.

import { expect, press, test } from '../harness/fixtures.js';
import { until } from '../harness/poll.js';

const SECRETS = {
  email: 'rosalind@franklin.example',
  card: '4111 1111 1111 1111',
  digits: '4111111111111111',
  token: 'sk9live8Zq7Xw6Vu5Ts4Rq3Po2',
  name: 'Rosalind',
  password: 'photo51!',
  note: 'double helix',
};

/** All forms in which a text might be told. */
const forms = (text) => [text, encodeURIComponent(text), ...[0, 1, 2].map((shift) => Buffer.from('x'.repeat(shift) + text).toString('base64').slice(shift ? 4 : 0, -4)).filter((part) => part.length > 6)];

/** Every byte that the page's tracer has sent to the collector of the application. */
const sent = (app, from) => Buffer.concat(app.requests.slice(from).filter(({ path }) => path.startsWith('/collector/')).map(({ body, path }) => Buffer.concat([Buffer.from(path), body])));

/** Every text and byte that the origin stores in the browser. */
const stored = (page) =>
  page.evaluate(async () => {
    const found = [document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => Object.assign(indexedDB.open(name), { onsuccess: ({ target }) => resolve(target.result), onerror: reject }));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const all = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        found.push(name, JSON.stringify(await all(objects.getAllKeys())), ...(await all(objects.getAll())).map((value) => new TextDecoder('latin1').decode(value)));
      }
      database.close();
    }
    return found.filter((text) => text && text !== '{}').join('\n');
  });

const tagTo = (throughline, service, attributes) => throughline.tag(service, { 'data-endpoint': '/collector', ...attributes });

/** What a visitor with secrets does. */
async function visit(page) {
  await page.locator('#email').focus();
  await page.keyboard.type(SECRETS.email);
  await page.locator('#password').focus();
  await page.keyboard.type(SECRETS.password);
  await page.locator('#editor').click();
  await page.keyboard.type(SECRETS.note);
  await press(page, page.locator('#person'));
  await press(page, page.locator('#masked'));
  for (const choice of ['#choice', '#account', '#home', 'label[for=home]']) await press(page, page.locator(choice));
  await page.evaluate((secrets) => {
    window.act = async () => {
      const { email, card, digits, token, name } = secrets;
      history.pushState(null, '', `${location.pathname}?mail=${encodeURIComponent(email)}&name=${name}#access_token=${token}`);
      console.error(`cannot pay with ${card} for ${email}`, new Error(`GET /api/pay?card=${digits}&holder=${name} with Bearer ${token}`));
      await fetch(`/api/pay/${digits}?holder=${name}&token=${token}`);
      await fetch(`/api/u/${encodeURIComponent(email)}/${token}`).catch(() => {});
      throw new Error(`${email} was refused: ${token}`);
    };
  }, SECRETS);
  await press(page, page.locator('#act'));
}

test('no secret is sent or stored', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service) }));
  // A control that tells on purpose: what is searched for would be found.
  await page.evaluate(() => throughline.event('test.control', { leaked: 'Known Plaintext' }));
  await visit(page);
  await throughline.waitForTraceOf(service, (trace) => trace.find('click "Act"') && trace.find(/GET \/api\/u\//), 'of the last click');
  await page.evaluate(() => throughline.flush());
  const text = sent(app, from).toString('latin1');
  expect(text).toContain('Known Plaintext');
  expect(text).toContain('cannot pay with REDACTED for REDACTED');
  const kept = await stored(page);
  expect(kept).toContain('throughline.session');
  for (const [what, secret] of Object.entries(SECRETS)) for (const form of forms(secret)) for (const place of [text, kept]) expect(place.includes(form), `${what} as ${form}`).toBe(false);
});

test('nothing is stored or sent before consent, and everything after it', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service, { 'data-consent': 'required' }) }));
  await press(page, page.locator('#act'));
  const request = await until('the click has asked', () => app.requests.slice(from).find(({ path }) => path === '/api/did'));
  expect(request.headers.traceparent).toBeUndefined();
  // Longer than a batch waits for company, and with every occasion to deliver.
  await page.evaluate(() => throughline.flush());
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.waitForTimeout(1_500);
  expect(sent(app, from).length).toBe(0);
  expect(await stored(page)).toBe('');
  await page.evaluate(() => throughline.consent(true));
  await throughline.waitForTraceOf(service, (trace) => trace.find('click "Act"') && trace.find('GET /api/did'), 'of the click before the consent');
  expect(await stored(page)).toContain('throughline.session');
  const before = app.requests.length;
  await press(page, page.locator('#act'));
  await until('requests carry headers', () => app.requests.slice(before).find(({ path, headers }) => path === '/api/did' && headers.traceparent));
});

test('a refusal drops what waits and removes what is stored, and can be taken back', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service) }));
  await throughline.waitForTraceOf(service, (trace) => trace.find(/^load /), 'of the load');
  const session = (await stored(page)).match(/[\da-f]{32}/)[0];
  await page.evaluate(() => {
    throughline.event('before.refusal');
    throughline.consent(false);
  });
  const from = app.requests.length;
  await press(page, page.locator('#person'));
  await until('the click has asked', () => app.requests.slice(from).find(({ path }) => path === '/api/did'));
  await page.waitForTimeout(1_500);
  expect(sent(app, from).length).toBe(0);
  await until('nothing is stored', async () => (await stored(page)) === '');
  expect(app.requests.at(-1).headers.traceparent).toBeUndefined();
  await page.evaluate(() => throughline.consent(true));
  await press(page, page.locator('#act'));
  const trace = await throughline.waitForTraceOf(service, (one) => one.find('click "Act"'), 'of the click after it');
  expect(trace.find('click "Act"').attributes['session.id']).not.toBe(session);
  const text = sent(app, from).toString('latin1');
  expect(text).toContain('click "Act"');
  expect(text).not.toContain('before.refusal');
  expect(text).not.toContain('click "a"');
});

for (const [signal, name, value] of [
  ['dnt', 'doNotTrack', '1'],
  ['gpc', 'globalPrivacyControl', true],
]) {
  test(`${signal} is a refusal where it is respected, and no matter where it is not`, async ({ page, app, throughline, service }) => {
    app.collectorUrl = throughline.ingestUrl;
    await page.addInitScript(([key, is]) => Object.defineProperty(Navigator.prototype, key, { get: () => is, configurable: true }), [name, value]);
    await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service) }));
    await throughline.waitForTraceOf(service, (trace) => trace.find(/^load /), 'of the load');
    await page.evaluate(() => { localStorage.clear(); });
    await page.goto('about:blank');
    const from = app.requests.length;
    await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service, { 'data-respect': signal }) }));
    await page.evaluate(() => { localStorage.clear(); indexedDB.deleteDatabase('throughline'); });
    await press(page, page.locator('#act'));
    await page.waitForTimeout(1_500);
    expect(app.requests.slice(from).filter(({ path }) => path === '/api/did').map(({ headers }) => headers.traceparent)).toEqual([undefined]);
    expect(sent(app, from).length).toBe(0);
    expect(await stored(page)).toBe('');
  });
}

test('beforeSend changes, drops and fails closed', async ({ page, app, throughline, service }) => {
  app.collectorUrl = throughline.ingestUrl;
  const from = app.requests.length;
  const warnings = [];
  page.on('console', (message) => message.text().includes('beforeSend') && warnings.push(message.text()));
  await page.goto(app.publish('privacy.html', { tag: tagTo(throughline, service) }));
  await page.evaluate(() => {
    window.seen = [];
    throughline.init({
      beforeSend(record) {
        window.seen.push(structuredClone(record));
        if (record.name === 'test.dropped') return false;
        if (record.name === 'test.failing') throw new Error('no');
        if (record.name === 'test.changed') return { ...record, attributes: { kept: record.attributes.kept, made: 7, list: ['a', 'b'], yes: true } };
        if (record.attributes.body) record.attributes.body = 'another body';
        if (record.name.startsWith('click')) record.name = 'click renamed';
      },
    });
    throughline.event('test.dropped', { dropped: 'x' });
    throughline.event('test.failing', { failing: 'x' });
    throughline.event('test.failing', { failing: 'x' });
    console.error('gone body');
    throughline.event('test.changed', { kept: 'kept value', secret: 'gone value' });
  });
  await press(page, page.locator('#act'));
  const trace = await throughline.waitForTraceOf(service, (one) => one.find('click renamed'), 'of the renamed click');
  expect(trace.find('GET /api/did').attributes['url.full']).toContain('/api/did');
  expect(trace.find('click renamed').attributes['throughline.action']).toBe('click');
  await page.evaluate(() => throughline.flush());
  const text = sent(app, from).toString('latin1');
  expect(text).toContain('kept value');
  expect(text).toContain('made');
  expect(text).toContain('another body');
  for (const gone of ['gone value', 'gone body', 'test.dropped', 'test.failing', 'click "Act"']) expect(text).not.toContain(gone);
  expect(text).toContain('before_send');
  expect(warnings).toHaveLength(1);
  const seen = await page.evaluate(() => window.seen.find(({ name }) => name === 'test.changed'));
  expect(seen).toMatchObject({ signal: 'log', name: 'test.changed', attributes: { kept: 'kept value', secret: 'gone value', 'session.id': expect.any(String) } });
});
