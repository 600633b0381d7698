// Ways to read one trace: colours, a value followed, clocks, density, links and logs.

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
      call('payment', 100, 150, 'paid'),
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
  await expect(shownRows(page)).toHaveCount(9);
  await expect(legend).toHaveCount(0);
  const byService = await hues(page);
  expect(byService['POST /validation']).toBe(byService['check the form']);
  expect(byService['POST /payment']).not.toBe(byService['POST /validation']);

  await page.getByLabel('Colour by').selectOption('status');
  await expect(page).toHaveURL(/[?&]colour=status/);
  await expect(legend.getByRole('listitem')).toHaveText(['error1', 'not set8']);
  expect(await hues(page)).toMatchObject({ 'INSERT seat': '25', 'POST /payment': 'grey' });

  await shownRows(page).filter({ hasText: 'POST /payment' }).click();
  await drawer(page).getByRole('button', { name: 'Colour by booking.status' }).click();
  await expect(page).toHaveURL(/[?&]colour=booking\.status/);
  await expect(legend.getByRole('listitem')).toHaveText(['requested2', 'paid1', 'confirmed1', 'no value5']);
  const byValue = await hues(page);
  expect(byValue['POST /validation']).toBe(byValue['check the form']);
  expect(new Set([byValue['POST /validation'], byValue['POST /payment'], byValue['POST /seating'], byValue['INSERT seat']]).size).toBe(4);

  await page.reload();
  await expect(legend.getByRole('listitem')).toHaveCount(4);
  await page.getByLabel('Attribute that colours the bars').fill('no.such');
  await page.getByLabel('Attribute that colours the bars').press('Enter');
  await expect(legend.getByRole('listitem')).toHaveText(['no value9']);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});
