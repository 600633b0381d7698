// The viewer as its users see it: by roles, names and addresses.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
import { until } from '../harness/poll.js';

const rowsOf = (page) => page.getByRole('treegrid').getByRole('row');
/** The pool keeps spare rows out of sight. */
const shownRows = (page) => rowsOf(page).filter({ visible: true });
const traceRows = (page) => page.locator('ol.trace-list > li');
const drawer = (page) => page.getByRole('complementary', { name: 'Span' });

/** A shop's trace: the browser, a backend with two levels, one failure at the bottom. */
function shopTrace(service, { error = 'card declined', tookMillis = 400 } = {}) {
  return makeTrace({
    name: 'click "Pay"',
    service,
    tookMillis,
    resource: { 'telemetry.sdk.language': 'webjs' },
    attributes: { 'throughline.action': 'click', 'session.id': 's-1' },
    children: [
      {
        name: 'POST /api/pay',
        service,
        kind: 3,
        atMillis: 10,
        tookMillis: tookMillis - 20,
        resource: { 'telemetry.sdk.language': 'webjs' },
        events: [
          { name: 'fetchStart', atMillis: 10 },
          { name: 'requestStart', atMillis: 20 },
          { name: 'responseStart', atMillis: tookMillis - 30 },
          { name: 'responseEnd', atMillis: tookMillis - 10 },
        ],
        children: [
          {
            name: 'POST /pay',
            service: `${service}-api`,
            kind: 2,
            atMillis: 30,
            tookMillis: tookMillis - 80,
            attributes: { 'http.route': '/pay', 'app.amount': 42, 'app.tags': ['a', 'b'] },
            resource: { 'service.version': '1.2.3' },
            links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: [] }],
            children: [
              { name: 'SELECT cards', service: `${service}-api`, kind: 3, atMillis: 40, tookMillis: 15, attributes: { 'db.system.name': 'sqlite' } },
              { name: 'POST bank', service: `${service}-api`, kind: 3, atMillis: 60, tookMillis: tookMillis - 130, ...(error ? { error } : {}) },
            ],
          },
        ],
      },
    ],
  });
}

test.describe('search', () => {
  test('lists a trace with what it is, and opens it', async ({ page, throughline, service, complaints }) => {
    const { traceId, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
    await expect(traceRows(page)).toHaveCount(1);
    const row = traceRows(page).first();
    await expect(row).toContainText(/click .Pay./);
    await expect(row).toContainText('POST /api/pay');
    await expect(row).toContainText('card declined');
    await expect(row).toContainText('400 ms');
    await expect(row).toContainText('5 spans');
    await row.getByRole('link').click();
    await expect(page).toHaveURL(`${throughline.viewerUrl}/trace/${traceId}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(/click .Pay./);
    await page.goBack();
    await expect(traceRows(page)).toHaveCount(1);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test('narrows by service, error and duration through the address', async ({ page, throughline, service }) => {
    const made = [shopTrace(service, { error: '' }), shopTrace(service, { error: '', tookMillis: 900 }), shopTrace(service)];
    for (const { body } of made) await throughline.sendTraces(body);
    await throughline.sendTraces(shopTrace(`${service}-other`).body);
    const ids = async () => {
      const links = await traceRows(page).getByRole('link').evaluateAll((anchors) => anchors.map((anchor) => anchor.getAttribute('href')));
      return links.map((href) => made.findIndex(({ traceId }) => href === `/trace/${traceId}`)).sort();
    };
    const query = (text) => `q=${encodeURIComponent(text)}`;
    for (const [address, expected] of [
      [`service=${service}`, [0, 1, 2]],
      [`service=${service}&errors=1`, [2]],
      [`service=${service}&min=500`, [1]],
      [`service=${service}&errors=1&min=500`, []],
      [`service=${service}-api`, [0, 1, 2]],
      [`${query(`{ resource.service.name = "${service}-api" && span.app.amount = 42 }`)}&errors=1`, [2]],
      [query(`{ resource.service.name = "${service}" && name =~ "POST .*" } && { status = error }`), [2]],
      [query(`{ resource.service.name = "${service}" && duration > 800ms }`), [1]],
    ]) {
      await page.goto(`${throughline.viewerUrl}/search?${address}`);
      await expect(page.locator('.trace-list, .message').first()).toBeVisible();
      await expect.poll(ids, address).toEqual(expected);
    }
  });

  test('writes what is chosen into the address, and back brings the old list', async ({ page, throughline, service }) => {
    for (const options of [{ error: '' }, {}]) await throughline.sendTraces(shopTrace(service, options).body);
    await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
    await expect(traceRows(page)).toHaveCount(2);
    await page.getByLabel('Errors only').check();
    await expect(page).toHaveURL(/[?&]errors=1/);
    await expect(traceRows(page)).toHaveCount(1);
    await page.goBack();
    await expect(page).not.toHaveURL(/errors=1/);
    await expect(traceRows(page)).toHaveCount(2);
    await expect(page.getByLabel('Errors only')).not.toBeChecked();
    await page.getByLabel('Query in TraceQL').fill('{ status = error }');
    await page.getByLabel('Query in TraceQL').press('Enter');
    await expect(page).toHaveURL(/[?&]q=/);
    await expect(traceRows(page)).toHaveCount(1);
    await page.reload();
    await expect(traceRows(page)).toHaveCount(1);
    await expect(page.getByLabel('Query in TraceQL')).toHaveValue('{ status = error }');
  });

  test('says where a query is wrong', async ({ page, throughline, complaints }) => {
    await page.goto(`${throughline.viewerUrl}/search?q=${encodeURIComponent('{ name = }')}`);
    await expect(page.getByText('The query is not understood')).toBeVisible();
    await expect(page.locator('#query-problem')).not.toBeEmpty();
    await expect(page.getByLabel('Query in TraceQL')).toHaveAttribute('aria-invalid', 'true');
    expect(complaints.errors).toEqual([]);
  });

  test('says what excluded everything', async ({ page, throughline, service }) => {
    await throughline.sendTraces(shopTrace(service, { error: '' }).body);
    await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
    await expect(traceRows(page)).toHaveCount(1);
    await page.goto(`${throughline.viewerUrl}/search?service=${service}&errors=1`);
    await expect(page.getByText('No trace matches')).toBeVisible();
    await expect(traceRows(page)).toHaveCount(0);
  });

  test('shows a new trace by itself while it is live', async ({ page, throughline, service }) => {
    await throughline.sendTraces(shopTrace(service).body);
    await page.goto(`${throughline.viewerUrl}/search?service=${service}&live=1`);
    await expect(traceRows(page)).toHaveCount(1);
    await throughline.sendTraces(shopTrace(service).body);
    await expect(traceRows(page)).toHaveCount(2);
  });
});

test.describe('trace', () => {
  test('shows the tree with levels, services and the error', async ({ page, throughline, service, complaints }) => {
    const { traceId, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', '5');
    await expect(shownRows(page)).toHaveCount(5);
    const seen = await shownRows(page).evaluateAll((rows) =>
      rows
        .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
        .map((row) => [row.querySelector('.row__label').textContent.replace(/[“”]/g, '"'), row.querySelector('.row__service').textContent, Number(row.getAttribute('aria-level')), Boolean(row.querySelector('[aria-label=error]'))]),
    );
    expect(seen).toEqual([
      ['click "Pay"', service, 1, false],
      ['POST /api/pay', service, 2, false],
      ['POST /pay', `${service}-api`, 3, false],
      ['SELECT cards', `${service}-api`, 4, false],
      ['POST bank', `${service}-api`, 4, true],
    ]);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('POST /api/pay');
    await expect(page.getByRole('button', { name: '1 error' })).toBeVisible();
    await expect(page).toHaveTitle(/Pay.*400\sms.*Throughline/);
    // The bars are drawn: the canvas has ink, and red ink where the error is.
    const ink = await page.getByRole('treegrid').locator('canvas').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) colours.add(`${data[at] >> 4},${data[at + 1] >> 4},${data[at + 2] >> 4}`);
      return colours.size;
    });
    expect(ink).toBeGreaterThan(3);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test('is walked, folded and opened with the keyboard', async ({ page, throughline, service }) => {
    const { traceId, spanIds, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    const row = (name) => shownRows(page).filter({ hasText: name });
    const focused = page.locator('[role=row]:focus');
    await expect(shownRows(page)).toHaveCount(5);
    await page.keyboard.press('ArrowDown');
    await expect(focused).toHaveCount(1);
    await page.keyboard.press('Home');
    await expect(focused).toContainText('Pay');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(focused).toContainText('POST /pay');
    await page.keyboard.press('ArrowLeft');
    await expect(focused).toHaveAttribute('aria-expanded', 'false');
    await expect(shownRows(page)).toHaveCount(3);
    await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', '3');
    await expect(row('POST /pay').getByLabel('hides an error')).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`collapsed=${spanIds['POST /pay']}`));
    await page.keyboard.press('ArrowRight');
    await expect(shownRows(page)).toHaveCount(5);
    await expect(page).not.toHaveURL(/collapsed=/);
    await page.keyboard.press('Enter');
    await expect(drawer(page)).toBeVisible();
    await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('POST /pay');
    await page.keyboard.press('ArrowDown');
    await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('SELECT cards');
    await page.keyboard.press('Escape');
    await expect(drawer(page)).toBeHidden();
    await page.keyboard.press('n');
    await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('POST bank');
    await expect(page).toHaveURL(new RegExp(`span=${spanIds['POST bank']}`));
    await page.keyboard.press('+');
    await expect(page).toHaveURL(/zoom=\d+-\d+/);
    await page.keyboard.press('0');
    await expect(page).not.toHaveURL(/zoom=/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await page.keyboard.press('/');
    await expect(page.getByLabel('Filter the spans of this trace')).toBeFocused();
  });

  test('comes back from its address as it was left', async ({ page, throughline, service }) => {
    const { traceId, spanIds, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${spanIds['POST /api/pay']}&tab=events&collapsed=${spanIds['POST /pay']}&zoom=50000000-200000000`);
    await expect(shownRows(page)).toHaveCount(3);
    await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('POST /api/pay');
    await expect(drawer(page).getByRole('tab', { selected: true })).toContainText('Events');
    await expect(drawer(page).getByRole('tabpanel')).toContainText('responseStart');
    await expect(page.getByRole('button', { name: 'Whole trace' })).toBeVisible();
    await page.reload();
    await expect(shownRows(page)).toHaveCount(3);
    await expect(page).toHaveURL(/zoom=50000000-200000000/);
  });

  test('tells everything of a span in the drawer', async ({ page, throughline, service }) => {
    const { traceId, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    await shownRows(page).filter({ hasText: 'POST /pay' }).click();
    const panel = drawer(page).getByRole('tabpanel');
    await expect(panel).toContainText('http.route');
    await expect(panel).toContainText('/pay');
    await expect(panel).toContainText('app.amount');
    await expect(panel).toContainText('42');
    await drawer(page).getByRole('tab', { name: /Links/ }).click();
    await expect(panel).toContainText('b'.repeat(16));
    await drawer(page).getByRole('tab', { name: /Resource/ }).click();
    await expect(panel).toContainText('service.version');
    await expect(panel).toContainText('1.2.3');
    await drawer(page).getByRole('button', { name: 'Close the span' }).click();
    await expect(drawer(page)).toBeHidden();
    await shownRows(page).filter({ hasText: 'POST bank' }).click();
    await expect(drawer(page)).toContainText('card declined');
  });

  test('copies a span as OTLP/JSON', async ({ page, context, throughline, service }) => {
    const { traceId, spanIds, body } = shopTrace(service);
    await throughline.sendTraces(body);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    await shownRows(page).filter({ hasText: 'POST bank' }).click();
    await drawer(page).getByRole('button', { name: /Copy as JSON/ }).click();
    const copied = await until('the clipboard has the span', () => page.evaluate(() => navigator.clipboard.readText()));
    const [{ scopeSpans }] = JSON.parse(copied).resourceSpans;
    expect(scopeSpans[0].spans[0]).toMatchObject({ traceId, spanId: spanIds['POST bank'], name: 'POST bank', status: { code: 2, message: 'card declined' } });
  });

  test('grows on the page while its spans arrive', async ({ page, throughline, service, complaints }) => {
    const { traceId, body } = shopTrace(service);
    const [first, ...rest] = body.resourceSpans;
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    await expect(page.getByText('Waiting for the trace')).toBeVisible();
    await throughline.sendTraces({ resourceSpans: [first] });
    await expect(shownRows(page)).toHaveCount(1);
    await throughline.sendTraces({ resourceSpans: rest });
    await expect(shownRows(page)).toHaveCount(5);
    expect(complaints.errors).toEqual([]);
  });

  test('draws what is broken: orphans, cycles, children outside, no duration', async ({ page, throughline, service, complaints }) => {
    const { traceId, body } = shopTrace(service);
    const spans = body.resourceSpans.map(({ scopeSpans }) => scopeSpans[0].spans[0]);
    spans[1].parentSpanId = 'dead'.repeat(4);
    spans[3].parentSpanId = spans[4].spanId;
    spans[4].parentSpanId = spans[3].spanId;
    spans[2].endTimeUnixNano = spans[2].startTimeUnixNano;
    spans[3].endTimeUnixNano = String(BigInt(spans[3].startTimeUnixNano) - 5_000_000n);
    await throughline.sendTraces(body);
    await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
    await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', '5');
    for (const { name } of spans) await expect(shownRows(page).filter({ hasText: name.replace(/"/g, '').replace('click Pay', 'Pay') }).first()).toBeVisible();
    await expect(shownRows(page).filter({ hasText: 'parent missing' })).toHaveCount(1);
    expect(complaints.errors).toEqual([]);
  });
});

test.describe('themes and sizes', () => {
  const luminance = (page) =>
    page.evaluate(() => {
      const canvas = document.createElement('canvas');
      const context = canvas.getContext('2d');
      context.fillStyle = getComputedStyle(document.body).backgroundColor;
      context.fillRect(0, 0, 1, 1);
      const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
      return (red + green + blue) / 3;
    });

  for (const path of ['/search', '/trace/']) {
    test(`dark and light follow the system and the button on ${path}`, async ({ page, throughline, service }) => {
      const { traceId, body } = shopTrace(service);
      await throughline.sendTraces(body);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto(`${throughline.viewerUrl}${path}${path === '/trace/' ? traceId : ''}`);
      await expect(page.getByRole('button', { name: 'Use the dark theme' })).toBeVisible();
      expect(await luminance(page)).toBeGreaterThan(200);
      await page.emulateMedia({ colorScheme: 'dark' });
      await expect.poll(() => luminance(page)).toBeLessThan(80);
      await page.getByRole('button', { name: 'Use the light theme' }).click();
      await expect.poll(() => luminance(page)).toBeGreaterThan(200);
      await page.reload();
      await expect(page.getByRole('button', { name: 'Use the dark theme' })).toBeVisible();
      expect(await luminance(page)).toBeGreaterThan(200);
    });

    for (const width of [390, 3840]) {
      test(`nothing sticks out at ${width} pixels on ${path}`, async ({ page, throughline, service }) => {
        const { traceId, body } = shopTrace(service);
        await throughline.sendTraces(body);
        await page.setViewportSize({ width, height: 844 });
        await page.goto(`${throughline.viewerUrl}${path}${path === '/trace/' ? traceId : `?service=${service}`}`);
        await expect(page.locator('h1, .trace-row__root').filter({ hasText: /click .Pay./ }).filter({ visible: true })).toHaveCount(1);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      });
    }
  }
});

test('hostile strings are shown as text and run nothing', async ({ page, throughline, service, complaints }) => {
  const attack = (where) => `<script>window.hacked='${where}'</script><img src="/stolen-${where}" onerror="window.hacked='${where}';alert(1)"><svg onload=alert(1)>`;
  const name = `${service}${attack('service')}`;
  const hostile = {
    'url.full': 'javascript:window.hacked="link";alert(1)',
    'http.url': `https://evil.example/${attack('url')}`,
    [attack('key')]: attack('value'),
    list: [attack('list'), 1],
    map: { [attack('map-key')]: attack('map-value') },
    template: '{{constructor.constructor("alert(1)")()}}${alert(1)}',
    bidi: '\u202Egnirts\u202C\u2066',
    control: 'a\u0000b\u001b[31m\r\nc',
    __proto__x: 'x',
    constructor: 'y',
    css: 'url(/stolen-css)',
    long: 'x'.repeat(20_000),
    'session.id': attack('session'),
  };
  const { traceId, body } = makeTrace({
    name: `click "${attack('name')}"`,
    service: name,
    tookMillis: 100,
    attributes: hostile,
    resource: { ...hostile, 'telemetry.sdk.language': attack('language') },
    scope: attack('scope'),
    traceState: attack('state').replace(/,/g, ''),
    error: attack('status'),
    events: [{ name: attack('event'), attributes: hostile }, { name: 'exception', attributes: { 'exception.message': attack('message'), 'exception.stacktrace': attack('stack') } }],
    links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), attributes: [{ key: attack('link-key'), value: { stringValue: attack('link') } }] }],
    children: [{ name: attack('child'), service: name, attributes: hostile, kind: 3 }],
  });
  await throughline.sendTraces(body);
  const strangers = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== throughline.viewerUrl || url.pathname.startsWith('/stolen')) strangers.push(request.url());
  });
  const unharmed = async () => {
    expect(await page.evaluate(() => [window.hacked, document.querySelectorAll('img, iframe, script:not([src]), [onerror], [onload], a[href^="javascript:" i]').length])).toEqual([undefined, 0]);
  };

  await page.goto(`${throughline.viewerUrl}/search?service=${encodeURIComponent(name)}`);
  await expect(traceRows(page)).toHaveCount(1);
  await expect(traceRows(page).first()).toContainText('<script>window.hacked=');
  await unharmed();
  await page.goto(`${throughline.viewerUrl}/services`);
  await expect(page.getByText(attack('service').slice(0, 30)).first()).toBeVisible();
  await unharmed();
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(shownRows(page)).toHaveCount(2);
  await expect(shownRows(page).nth(0)).toContainText('<script>');
  for (const index of [0, 1]) {
    await shownRows(page).nth(index).click();
    for (const tab of ['Attributes', 'Events', 'Logs', 'Links', 'Resource']) {
      await drawer(page).getByRole('tab', { name: tab }).click();
      await expect(drawer(page).getByRole('tab', { selected: true })).toContainText(tab);
      await unharmed();
    }
  }
  await shownRows(page).nth(0).click();
  await drawer(page).getByRole('tab', { name: 'Attributes' }).click();
  await expect(drawer(page).getByRole('tabpanel')).toContainText('window.hacked=\'value\'');
  // What looks like a file is not the viewer's to answer: no dots.
  const typed = encodeURIComponent('"><script>alert(1)</script><img src=/stolen onerror=alert(1)>');
  for (const hostilePath of [`/search?q=${typed}`, `/search?service=${typed}&operation=${typed}&range=${typed}`, `/trace/${typed}`, `/trace/${traceId}?span=${typed}&tab=${typed}&zoom=${typed}`, `/nowhere/${typed}`]) {
    await page.goto(`${throughline.viewerUrl}${hostilePath}`);
    await expect(page.getByRole('banner')).toBeVisible();
    await unharmed();
  }
  expect(strangers).toEqual([]);
  expect(complaints.dialogs).toEqual([]);
  expect(complaints.errors).toEqual([]);
  // The browser itself reports the refused query and the trace that is none.
  expect(complaints.console.filter((text) => !/status of 40[04]/.test(text))).toEqual([]);
});

test('a server that is gone is said, and found again', async ({ page, ownThroughline, service, complaints }) => {
  const { traceId, body } = shopTrace(service);
  await ownThroughline.sendTraces(body);
  await page.goto(`${ownThroughline.viewerUrl}/search?service=${service}`);
  await expect(traceRows(page)).toHaveCount(1);
  await ownThroughline.stop();
  await page.getByLabel('Errors only').check();
  await expect(page.getByRole('alert').filter({ hasText: 'The server does not answer' })).toBeVisible();
  await ownThroughline.restart();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(traceRows(page)).toHaveCount(1);
  await expect(traceRows(page).first().getByRole('link')).toHaveAttribute('href', `/trace/${traceId}`);
  expect(complaints.errors).toEqual([]);
});

test('a trace that never comes is said to be missing', async ({ page, throughline }) => {
  await page.goto(`${throughline.viewerUrl}/trace/${'0123456789abcdef'.repeat(2)}`);
  await expect(page.getByText('Waiting for the trace')).toBeVisible();
  await expect(page.getByText('There is no such trace')).toBeVisible({ timeout: 90_000 });
});

test('a page is loaded when it is opened, and one that does not come is said', async ({ page, throughline, complaints }) => {
  const parts = [];
  page.on('request', (request) => /\.wasm$/.test(request.url()) && parts.push(new URL(request.url()).pathname));
  await page.goto(throughline.viewerUrl);
  await expect(page.getByRole('heading', { name: 'Traces', exact: true })).toBeVisible();
  await page.waitForLoadState('networkidle');
  expect(parts).toHaveLength(1);

  await page.route(/split_others.*\.wasm$/, (route) => route.abort());
  await page.getByRole('link', { name: 'Map', exact: true }).click();
  await expect(page.getByText('This page could not be loaded')).toBeVisible();
  await expect(page).toHaveURL(/\/map/);
  await page.unroute(/split_others.*\.wasm$/);
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('heading', { name: 'Service map' })).toBeVisible();
  expect(parts.length).toBeGreaterThan(2);
  expect(complaints.errors).toEqual([]);
});
