// Ways to read one trace: colours, a value followed, clocks, density, links and logs.

import { gzipSync } from 'node:zlib';

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';

const shownRows = (page) => page.getByRole('treegrid').getByRole('row').filter({ visible: true });
const drawer = (page) => page.getByRole('complementary', { name: 'Span' });

/** A booking on its way through the services, its status set and changed. */
function bookingTrace(service) {
  const stage = (name, at, took, status, children = []) => ({
    name: `POST /${name}`,
    service: `${service}-${name}`,
    kind: 2,
    atMillis: at + 1,
    tookMillis: took - 2,
    attributes: { 'booking.status': status },
    children,
  });
  const call = (name, at, took, status, children) => ({ name: `call ${name}`, service: `${service}-web`, kind: 3, atMillis: at, tookMillis: took, children: [stage(name, at, took, status, children)] });
  return makeTrace({
    name: 'click "Book"',
    service: `${service}-web`,
    tookMillis: 400,
    resource: { 'telemetry.sdk.language': 'webjs' },
    attributes: { 'throughline.action': 'click' },
    children: [
      call('validation', 10, 80, 'requested', [{ name: 'check the form', service: `${service}-validation`, atMillis: 20, tookMillis: 30, attributes: { 'booking.status': 'requested' } }]),
      call('payment', 100, 150, 'paid', [{ name: 'notify', service: `${service}-payment`, kind: 4, atMillis: 110, tookMillis: 5, attributes: { 'baggage.booking.status': 'paid' } }]),
      call('seating', 260, 120, 'confirmed', [{ name: 'INSERT seat', service: `${service}-seating`, kind: 3, atMillis: 280, tookMillis: 40, error: 'seat taken' }]),
    ],
  });
}

/** The hues of the bars, as the dots of the rows have them, by name. */
const hues = (page) => shownRows(page).evaluateAll((rows) => Object.fromEntries(rows.map((row) => [row.querySelector('.row__label').textContent, row.classList.contains('row--grey') ? 'grey' : row.style.getPropertyValue('--h')])));

test('bars are coloured by service, status or an attribute', async ({ page, throughline, service, complaints }) => {
  const { traceId, body } = bookingTrace(service);
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const legend = page.getByRole('list', { name: 'Colours' });
  await expect(shownRows(page)).toHaveCount(10);
  await expect(legend).toHaveCount(0);
  const byService = await hues(page);
  expect(byService['POST /validation']).toBe(byService['check the form']);
  expect(byService['POST /payment']).not.toBe(byService['POST /validation']);

  await page.getByLabel('Colour by').selectOption('status');
  await expect(page).toHaveURL(/[?&]colour=status/);
  await expect(legend.getByRole('listitem')).toHaveText(['error1', 'not set9']);
  expect(await hues(page)).toMatchObject({ 'INSERT seat': '25', 'POST /payment': 'grey' });

  await shownRows(page).filter({ hasText: 'POST /payment' }).click();
  await drawer(page).getByRole('button', { name: 'Colour by booking.status' }).click();
  await expect(page).toHaveURL(/[?&]colour=booking\.status/);
  await expect(legend.getByRole('listitem')).toHaveText(['requested2', 'paid2', 'confirmed1', 'no value5']);
  const byValue = await hues(page);
  expect(byValue['POST /validation']).toBe(byValue['check the form']);
  expect(new Set([byValue['POST /validation'], byValue['POST /payment'], byValue['POST /seating'], byValue['INSERT seat']]).size).toBe(4);

  await page.reload();
  await expect(legend.getByRole('listitem')).toHaveCount(4);
  await page.getByLabel('Attribute that colours the bars').fill('no.such');
  await page.getByLabel('Attribute that colours the bars').press('Enter');
  await expect(legend.getByRole('listitem')).toHaveText(['no value10']);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

/** Rows from top to bottom with what they say of the followed value, and whether they step back. */
const told = (page) =>
  shownRows(page).evaluateAll((rows) =>
    rows
      .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
      .map((row) => [row.querySelector('.row__label').textContent, row.querySelector('.row__value')?.textContent ?? '', row.classList.contains('row--miss')]),
  );

test('a value is followed along the path, from the baggage too', async ({ page, throughline, service, complaints }) => {
  const { traceId, spanIds, body } = bookingTrace(service);
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await shownRows(page).filter({ hasText: 'POST /payment' }).click();
  await drawer(page).getByRole('button', { name: 'Follow booking.status' }).click();
  await expect(page).toHaveURL(/[?&]follow=booking\.status/);
  const strip = page.getByRole('region', { name: 'Followed value' });
  const stops = strip.getByRole('list', { name: 'Path of the value' }).getByRole('listitem');
  await expect(stops).toHaveText([`${service}-validationrequested×2`, `${service}-paymentpaid×2`, `${service}-seatingconfirmed`]);
  expect(await told(page)).toEqual([
    ['click “Book”', '', true],
    ['call validation', '', true],
    ['POST /validation', 'requested', false],
    ['check the form', 'requested', false],
    ['call payment', '', true],
    ['POST /payment', 'requested → paid', false],
    ['notify', 'paid', false],
    ['call seating', '', true],
    ['POST /seating', 'paid → confirmed', false],
    ['INSERT seat', '', true],
  ]);
  // A row that hides spans with the value does not step back.
  await shownRows(page).filter({ hasText: 'call seating' }).click();
  await page.keyboard.press('ArrowLeft');
  await expect(shownRows(page)).toHaveCount(8);
  await expect(shownRows(page).filter({ hasText: 'call seating' })).not.toHaveClass(/row--miss/);
  await page.keyboard.press('ArrowRight');

  const current = strip.locator('[aria-current]');
  await page.keyboard.press('Escape');
  await expect(drawer(page)).toBeHidden();
  await page.keyboard.press('Home');
  await page.keyboard.press('v');
  await expect(current).toContainText('validation');
  await page.keyboard.press('v');
  await expect(current).toContainText('payment');
  await strip.getByRole('button', { name: 'Next stop of the value' }).click();
  await expect(current).toContainText('seating');
  await expect(strip.getByRole('status')).toHaveText('3 of 3');
  await page.keyboard.press('V');
  await expect(current).toContainText('payment');
  await stops.first().getByRole('button').click();
  await expect(page).toHaveURL(new RegExp(`span=${spanIds['POST /validation']}`));

  await page.reload();
  await expect(stops).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(strip).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(strip).toBeHidden();
  await expect(page).not.toHaveURL(/follow=/);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?follow=no.such`);
  await expect(strip.getByRole('status')).toHaveText('No span of this trace has this attribute.');
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('clocks that disagree are adjusted on demand, with both times told', async ({ page, throughline, service, complaints }) => {
  const ahead = 182_000;
  const { traceId, spanIds, body } = makeTrace({
    name: 'click "Pay"',
    service: `${service}-web`,
    tookMillis: 400,
    resource: { 'telemetry.sdk.language': 'webjs' },
    children: [
      {
        name: 'call payment',
        service: `${service}-web`,
        kind: 3,
        atMillis: 50,
        tookMillis: 300,
        children: [{ name: 'POST /payment', service: `${service}-pay`, kind: 2, atMillis: 100 + ahead, tookMillis: 200, children: [{ name: 'charge', service: `${service}-pay`, atMillis: 110 + ahead, tookMillis: 150 }] }],
      },
    ],
  });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${spanIds.charge}`);
  await expect(page.getByRole('button', { name: new RegExp(`Clocks disagree ${service}-pay \\+3\\sm\\s2\\s`) })).toBeVisible();
  const clock = page.getByRole('button', { name: new RegExp(`clocks: ${service}-pay \\+3\\sm\\s2\\s|Clocks adjusted: ${service}-pay`) });
  await expect(clock).toHaveAttribute('aria-pressed', 'false');
  const both = drawer(page).getByText(/clock is 3\sm\s2\ss ahead/);
  await expect(both).toContainText(/\+3\sm\s2\ss as sent, \+110\sms adjusted/);
  await clock.click();
  await expect(clock).toHaveAttribute('aria-pressed', 'true');
  await expect(page).toHaveURL(/[?&]clock=adjusted/);
  await expect(page.getByRole('button', { name: /Clocks disagree/ })).toHaveCount(0);
  await expect(drawer(page).getByText('+110').first()).toBeVisible();
  await expect(both).toContainText(/\+3\sm\s2\ss as sent, \+110\sms adjusted/);
  await expect(page.locator('.story')).toContainText('400');
  // Attributes are found by the span as it was sent.
  await drawer(page).getByRole('tab', { name: /Resource/ }).click();
  await expect(drawer(page).getByRole('tabpanel')).toContainText(`${service}-pay`);

  await page.reload();
  await expect(clock).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('k');
  await expect(clock).toHaveAttribute('aria-pressed', 'false');
  await expect(page).not.toHaveURL(/clock=/);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('how far a clock is ahead can be set by hand, and bars follow', async ({ page, throughline, service, complaints }) => {
  const ahead = 5_000;
  const { traceId, spanIds, body } = makeTrace({
    name: 'POST /orders',
    service: `${service}-shop`,
    kind: 2,
    tookMillis: 400,
    children: [
      { name: 'call payment', service: `${service}-shop`, kind: 3, atMillis: 50, tookMillis: 300, children: [{ name: 'charge', service: `${service}-pay`, kind: 2, atMillis: 100 + ahead, tookMillis: 200 }] },
      // Nothing tells of its clock: a message may be taken up at any time.
      { name: 'send mail', service: `${service}-mail`, kind: 5, atMillis: 300, tookMillis: 50 },
    ],
  });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${spanIds.charge}`);
  await page.getByRole('button', { name: 'Clocks…' }).click();
  const panel = page.getByRole('dialog', { name: 'Clocks' });
  const field = panel.getByRole('spinbutton', { name: `${service}-pay is ahead by` });
  const estimate = panel.getByRole('button', { name: /-pay: Estimate \+5\.00\ss/ });
  await expect(field).toHaveValue('5');
  await expect(estimate).toHaveAttribute('aria-pressed', 'true');

  // Finer steps: the unit is chosen, and the arrow keys step.
  await panel.getByRole('combobox', { name: `Unit of ${service}-pay` }).selectOption('ms');
  await expect(field).toHaveValue('5000');
  await field.press('ArrowUp');
  await expect(field).toHaveValue('5001');
  await expect(field).toBeFocused();
  await expect(page).toHaveURL(/[?&]clock=adjusted&offset=5001000000/);
  const told = drawer(page).getByText(/clock is set 5\.0\d\ss ahead/);
  await expect(told).toContainText(/\+99\sms adjusted.*The calls suggest \+5\.00\ss/);
  await field.press('ArrowUp');
  await expect(told).toContainText(/\+98\sms adjusted/);
  await expect(field).toBeFocused();

  // What contradicts is told.
  const disagree = page.getByRole('button', { name: /Clocks disagree/ });
  await expect(disagree).toHaveCount(0);
  await field.fill('5060');
  await field.press('Enter');
  await expect(told).toContainText(/\+40\sms adjusted/);
  await expect(disagree).toBeVisible();
  await page.reload();
  await expect(told).toContainText(/\+40\sms adjusted/);

  await page.getByRole('button', { name: 'Clocks…' }).click();
  await panel.getByRole('button', { name: /-pay: None/ }).click();
  await expect(page.getByRole('button', { name: 'Clocks adjusted: none' })).toHaveAttribute('aria-pressed', 'true');
  await expect(drawer(page).getByText(/clock is/)).toHaveCount(0);
  await expect(disagree).toBeVisible();
  await estimate.click();
  await expect(drawer(page).getByText(/clock is 5\.00\ss ahead/)).toContainText(/\+100\sms adjusted/);
  await expect(page).not.toHaveURL(/offset=/);

  // One of which nothing is known.
  await panel.getByRole('combobox', { name: 'Set' }).selectOption(`${service}-mail`);
  await panel.getByRole('spinbutton', { name: `${service}-mail is ahead by` }).fill('-20');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: new RegExp(`Clocks adjusted: .*${service}-mail −20\\sms`) })).toBeVisible();
  await panel.getByRole('button', { name: 'Show times as sent' }).click();
  await expect(page).not.toHaveURL(/clock=/);
  await panel.getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Clocks…' })).toBeFocused();
  await expect(drawer(page)).toBeVisible();
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('each host of a service has a clock of its own', async ({ page, throughline, service, complaints }) => {
  const ahead = 182_000;
  const call = (name, at) => ({ name: `call ${name}`, service: `${service}-shop`, kind: 3, atMillis: at, tookMillis: 90 });
  const charge = (host, at) => ({ name: `charge on ${host}`, service: `${service}-pay`, kind: 2, atMillis: at, tookMillis: 60, resource: { 'host.name': host } });
  const { traceId, spanIds, body } = makeTrace({
    name: 'POST /orders',
    service: `${service}-shop`,
    kind: 2,
    tookMillis: 400,
    children: [
      { ...call('one', 50), children: [charge('h-1', 60)] },
      { ...call('two', 200), children: [charge('h-2', 210 + ahead)] },
    ],
  });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${spanIds['charge on h-2']}`);
  // Services are counted as people name them.
  await expect(page.locator('.facts')).toContainText(/2\s?services/);
  const clock = page.getByRole('button', { name: new RegExp(`clocks: ${service}-pay on h-2 \\+3\\sm\\s2\\s`) });
  await expect(drawer(page).getByText(/on h-2’s clock is 3\sm\s2\ss ahead/)).toContainText(/\+3\sm\s2\ss as sent, \+215\sms adjusted/);
  await clock.click();
  await expect(page.getByRole('button', { name: /Clocks disagree/ })).toHaveCount(0);
  await expect(page.locator('.trace__duration')).toHaveText(/400\sms/);
  await shownRows(page).filter({ hasText: 'charge on h-1' }).click();
  await expect(drawer(page).getByText(/clock is/)).toHaveCount(0);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('what the first row belongs to stays in sight, and leads back', async ({ page, throughline, service, complaints }) => {
  const steps = Array.from({ length: 120 }, (_, step) => ({ name: `step ${step}`, service, atMillis: 10 + step, tookMillis: 5 }));
  const { traceId, body } = makeTrace({ name: 'outermost', service, tookMillis: 400, children: [{ name: 'group', service, atMillis: 5, tookMillis: 300, children: steps }] });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const above = page.getByRole('navigation', { name: 'Above the rows that are seen' });
  await expect(shownRows(page).filter({ hasText: 'step 9' }).first()).toBeVisible();
  await expect(above).toHaveCount(0);
  await shownRows(page).first().focus();
  await page.keyboard.press('End');
  await expect(shownRows(page).filter({ hasText: 'step 119' })).toBeFocused();
  await expect(above.getByRole('button')).toHaveText(['outermost', 'group']);
  // A row that has the focus is not below the line.
  for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press('ArrowUp');
  const focused = shownRows(page).filter({ hasText: 'step 79' });
  await expect(focused).toBeFocused();
  const [line, row] = [await above.boundingBox(), await focused.boundingBox()];
  expect(row.y).toBeGreaterThanOrEqual(line.y + line.height - 1);
  await above.getByRole('button', { name: 'group' }).click();
  await expect(shownRows(page).filter({ hasText: 'group' })).toBeFocused();
  await expect(above).toHaveCount(0);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('on a phone the nearest of them is named, and the others are listed', async ({ page, throughline, service, complaints }) => {
  const steps = Array.from({ length: 60 }, (_, step) => ({ name: `step ${step}`, service, atMillis: 10 + step, tookMillis: 5 }));
  const chain = ['outermost', 'middle', 'a name that goes on and on, as names of spans do'].reduceRight((children, name) => [{ name, service, tookMillis: 400, children }], steps);
  const { traceId, body } = makeTrace(chain[0]);
  await throughline.sendTraces(body);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const above = page.getByRole('navigation', { name: 'Above the rows that are seen' });
  await shownRows(page).first().focus();
  await page.keyboard.press('End');
  await expect(shownRows(page).filter({ hasText: 'step 59' })).toBeFocused();
  await expect(above.getByRole('button')).toHaveText([/^a name that goes on/, '… 2']);
  const more = above.getByRole('button', { name: '2 more above' });
  const box = await more.boundingBox();
  expect(box.x + box.width).toBeLessThanOrEqual(390);
  await more.click();
  await expect(above.getByRole('listitem')).toHaveText([/^outermost/, /^middle/, /^a name/]);
  await expect(more).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(above.getByRole('listitem')).toHaveCount(0);
  await more.click();
  await above.getByRole('button', { name: 'middle' }).click();
  await expect(shownRows(page).filter({ hasText: 'middle' })).toBeFocused();
  await expect(above.getByRole('listitem')).toHaveCount(0);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('waiting, gaps and own work are told before the timeline is read', async ({ page, throughline, service, complaints }) => {
  const { traceId, spanIds, body } = makeTrace({
    name: 'GET /quote',
    service,
    kind: 2,
    tookMillis: 1_000,
    children: [
      { name: 'POST rates.example', service, kind: 3, atMillis: 0, tookMillis: 300 },
      // Nothing is traced for 250 ms.
      { name: 'price it', service: `${service}-pricing`, atMillis: 550, tookMillis: 450 },
    ],
  });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const chips = page.getByRole('group', { name: 'Findings' }).getByRole('button');
  for (const [kind, figure, span] of [
    ['Waiting', /300\sms/, 'POST rates.example'],
    ['Gap', /250\sms/, 'GET /quote'],
    ['Self time', /450\sms/, 'price it'],
  ]) {
    const chip = chips.filter({ hasText: kind });
    await expect(chip).toContainText(figure);
    await expect(chip).toContainText(span);
    await chip.click();
    await expect(page).toHaveURL(new RegExp(`[?&]span=${spanIds[span]}`));
    await expect(shownRows(page).filter({ hasText: span }).first()).toBeFocused();
    await expect(drawer(page)).toContainText(span);
  }
  // On a phone a chip says all of it.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(chips).toHaveCount(4);
  const cut = () => chips.evaluateAll((all) => all.flatMap((chip) => [chip, ...chip.children]).filter((part) => part.scrollWidth > part.clientWidth && getComputedStyle(part).display !== 'inline').map((part) => part.textContent));
  await expect.poll(cut).toEqual([]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('rows are as high as the reader likes, and as an address says', async ({ page, throughline, service }) => {
  const { traceId, body } = bookingTrace(service);
  await throughline.sendTraces(body);
  const height = () => shownRows(page).first().evaluate((row) => row.offsetHeight);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(shownRows(page)).toHaveCount(10);
  expect(await height()).toBe(24);
  await page.keyboard.press('d');
  await expect.poll(height).toBe(18);
  await expect(page).toHaveURL(/[?&]density=18/);
  await expect(page.getByRole('button', { name: 'Compact' })).toHaveAttribute('aria-pressed', 'true');
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect.poll(height).toBe(18);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?density=24`);
  await expect.poll(height).toBe(24);
});

test('a card says what, how long, how much of it itself and who waited', async ({ page, throughline, service }) => {
  const { traceId, body } = bookingTrace(service);
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const card = page.getByRole('tooltip');
  const row = shownRows(page).filter({ hasText: 'POST /payment' });
  const clear = async () => {
    const [of, over] = [await row.boundingBox(), await card.boundingBox()];
    return over.y >= of.y + of.height || over.y + over.height <= of.y;
  };
  await row.getByText('POST /payment').hover();
  await expect(card).toContainText(`${service}-payment · server`);
  await expect(card).toContainText(/Duration148\sms/);
  await expect(card).toContainText(/Itself143\sms/);
  await expect(card).toContainText(new RegExp(`${service}-web call payment waited 148\\sms for it`));
  expect(await clear()).toBe(true);
  await page.mouse.move(5, 5);
  await expect(card).toBeHidden();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('[role=row]:focus')).toHaveCount(1);
  for (let down = 0; down < 5; down += 1) await page.keyboard.press('ArrowDown');
  await expect(card).toContainText(`${service}-payment · server`);
  await expect(row).toHaveAttribute('aria-describedby', 'row-card');
  expect(await clear()).toBe(true);
  await page.keyboard.press('Escape');
  await expect(card).toBeHidden();
});

test('links are walked from both ends', async ({ page, throughline, service }) => {
  const { traceId, spanIds, body } = bookingTrace(service);
  const spans = body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans[0].spans);
  const elsewhere = 'a'.repeat(32);
  spans.find(({ name }) => name === 'INSERT seat').links = [
    { traceId, spanId: spanIds.notify, attributes: [] },
    { traceId: elsewhere, spanId: 'b'.repeat(16), attributes: [] },
  ];
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${spanIds['INSERT seat']}&tab=links`);
  await expect(shownRows(page).filter({ hasText: 'INSERT seat' }).getByLabel('links to another span')).toBeVisible();
  await expect(drawer(page).getByRole('link', { name: /Trace aaaa/ })).toHaveAttribute('href', `/trace/${elsewhere}?span=${'b'.repeat(16)}`);
  await drawer(page).getByRole('button', { name: `${service}-payment notify` }).click();
  await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('notify');
  await expect(shownRows(page).filter({ hasText: 'notify' }).getByLabel('another span links here')).toBeVisible();
  await expect(drawer(page).getByRole('tab', { name: 'Links' })).toContainText('1');
  await expect(drawer(page).getByRole('heading', { name: 'Linked from' })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`span=${spanIds.notify}`));
  await drawer(page).getByRole('link', { name: 'Find other traces that link here' }).click();
  await expect(page.locator('ol.trace-list > li')).toHaveCount(1);
  await page.goBack();
  await drawer(page).getByRole('button', { name: `${service}-seating INSERT seat` }).click();
  await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('INSERT seat');
});

test('logs are marks on the bars, and open in the drawer', async ({ page, throughline, service }) => {
  const { traceId, spanIds, body } = bookingTrace(service);
  await throughline.sendTraces(body);
  const root = body.resourceSpans[0].scopeSpans[0].spans[0];
  const at = (millis) => String(BigInt(root.startTimeUnixNano) + BigInt(millis) * 1_000_000n);
  const log = (name, millis, severityNumber, text) => ({ timeUnixNano: at(millis), severityNumber, body: { stringValue: text }, traceId, spanId: spanIds[name] });
  const records = [log('POST /payment', 120, 9, 'asks the bank'), log('POST /payment', 200, 17, 'the bank hung up'), log('POST /seating', 300, 13, 'seat is contested')];
  await throughline.sendLogs({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope: { name: 'test' }, logRecords: records }] }] });
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(shownRows(page)).toHaveCount(10);
  const row = shownRows(page).filter({ hasText: 'POST /payment' });
  const [rowBox, bars] = [await row.boundingBox(), await page.locator('.waterfall__canvas').boundingBox()];
  const x = bars.x + (bars.width * 200) / 400;
  await row.getByText('POST /payment').hover();
  await expect(page.getByRole('tooltip')).toContainText('2 logs, 1 error');
  const red = () =>
    page.locator('.waterfall__canvas').evaluate(
      (canvas, [left, top]) => {
        const ratio = canvas.width / canvas.clientWidth;
        const [r, g, b] = canvas.getContext('2d').getImageData(Math.round(left * ratio), Math.round(top * ratio), 1, 1).data;
        return r > 150 && g < 110 && b < 120;
      },
      [x - bars.x, rowBox.y - bars.y + 4],
    );
  await expect.poll(red).toBe(true);
  await page.mouse.click(x, rowBox.y + 4);
  await expect(drawer(page).getByRole('tab', { selected: true })).toContainText('Logs');
  await expect(drawer(page).locator('[aria-current]')).toContainText('the bank hung up');
});

test('long frames, memory and sampled stacks of the page stand with its trace', async ({ page, throughline, service }) => {
  const resource = { 'telemetry.sdk.language': 'webjs' };
  const stacks = ['onclick (app.js:1);render (app.js:9);layoutSeats (seats.js:88) 140 ms', 'onclick (app.js:1);save (app.js:40) 60 ms'];
  const { traceId, body } = makeTrace({
    name: 'click "Book"',
    service,
    tookMillis: 1000,
    resource,
    attributes: { 'throughline.action': 'click', 'throughline.memory.growth_bytes': 35_651_584 },
    events: [{ name: 'profile', attributes: { 'throughline.profile.stacks': stacks } }],
    children: [{ name: 'long frame', service, resource, atMillis: 100, tookMillis: 260 }],
  });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const track = page.getByRole('group', { name: 'Main thread' });
  await track.getByRole('button', { name: /^Long frame, 260\sms$/ }).click();
  await expect(drawer(page).getByRole('heading', { level: 2 })).toHaveText('long frame');
  await track.getByRole('button', { name: /^The heap grew by 36\sMB in click/ }).click();
  const functions = drawer(page).getByRole('list', { name: 'Functions that took the most time' });
  await expect(functions.getByRole('listitem')).toHaveText([/^layoutSeats \(seats\.js:88\)140\sms$/, /^save \(app\.js:40\)60\sms$/]);
  await expect(drawer(page).locator('.stacks__call')).toHaveText(['render (app.js:9)', 'save (app.js:40)', 'layoutSeats (seats.js:88)']);
});

test('a file is opened by dropping it, and sent nowhere', async ({ page, throughline, service, complaints }) => {
  const { traceId, body } = bookingTrace(service);
  const sent = [];
  page.on('request', (request) => request.method() !== 'GET' && sent.push(request.url()));
  await page.goto(`${throughline.viewerUrl}/search`);
  await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'booking.json', { type: 'application/json' }));
    return transfer;
  }, JSON.stringify(body));
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
  await expect(page.getByText('Drop the file to open its traces here')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  await expect(page).toHaveURL(`${throughline.viewerUrl}/trace/${traceId}`);
  await expect(shownRows(page)).toHaveCount(10);
  await expect(page.getByText('from the file booking.json, on no server')).toBeVisible();
  await shownRows(page).filter({ hasText: 'POST /payment' }).click();
  await drawer(page).getByRole('button', { name: 'Follow booking.status' }).click();
  await expect(page.getByRole('list', { name: 'Path of the value' }).getByRole('listitem')).toHaveCount(3);
  expect(sent).toEqual([]);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  // No server has it.
  await page.reload();
  await expect(page.getByText('Waiting for the trace')).toBeVisible();
});

test('files of other tools are opened without a server', async ({ page, ownThroughline, service }) => {
  const { traceId, body } = bookingTrace(service);
  await ownThroughline.sendTraces(body);
  const files = {};
  for (const format of ['jaeger', 'zipkin', 'perfetto']) {
    files[format] = Buffer.from(await (await fetch(`${ownThroughline.viewerUrl}/api/v1/traces/${traceId}/export?format=${format}`)).arrayBuffer());
  }
  // One packed with gzip, and what the Performance panel saves.
  files['jaeger-packed'] = gzipSync(files.jaeger);
  const loaded = page.waitForResponse((response) => /split_traces.*\.wasm/.test(response.url()));
  await page.goto(`${ownThroughline.viewerUrl}/file`);
  await loaded;
  await page.waitForLoadState('networkidle');
  await ownThroughline.stop();
  for (const [format, buffer] of Object.entries(files)) {
    await page.getByLabel('A file of traces').setInputFiles({ name: `${format}.json`, mimeType: 'application/json', buffer });
    await expect(page.getByText(`from the file ${format}.json`)).toBeVisible();
    await expect(shownRows(page)).toHaveCount(10);
    await page.goBack();
  }
  const events = [{ ph: 'M', name: 'process_name', pid: 1, tid: 0, args: { name: 'Renderer' } }, { ph: 'X', name: 'RunTask', pid: 1, tid: 2, ts: 10, dur: 50 }, { ph: 'X', name: '<b>Layout</b>', pid: 1, tid: 2, ts: 20, dur: 5 }];
  await page.getByLabel('A file of traces').setInputFiles({ name: 'Trace.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ traceEvents: events, metadata: {} })) });
  await expect(shownRows(page)).toHaveCount(4);
  await expect(page.getByText('<b>Layout</b>').first()).toBeVisible();
  await page.goBack();
  await page.getByLabel('A file of traces').setInputFiles({ name: 'broken.pb', mimeType: 'application/x-protobuf', buffer: Buffer.from([10, 5, 18, 3, 18]) });
  await expect(page.getByText('broken.pb cannot be opened: damaged OTLP protobuf: 5 bytes are announced and 3 are left, at byte 2')).toBeVisible();
  await page.getByLabel('A file of traces').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
  await expect(page.getByText('notes.txt cannot be opened')).toBeVisible();
});
