// Who calls whom, what differs, and the other views of a trace: by roles, names and addresses.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';

/** A booking from the browser to a database and a third party. */
function booking(service, { chargeMillis = 40, error } = {}) {
  const browser = { 'telemetry.sdk.language': 'webjs' };
  return makeTrace({
    name: 'click "Book Now"',
    service,
    tookMillis: chargeMillis + 100,
    resource: browser,
    attributes: { 'throughline.action': 'click' },
    children: [
      {
        name: 'POST /api/book',
        service,
        kind: 3,
        atMillis: 10,
        tookMillis: chargeMillis + 80,
        resource: browser,
        children: [
          {
            name: 'POST /book',
            service: `${service}-api`,
            kind: 2,
            atMillis: 20,
            tookMillis: chargeMillis + 60,
            children: [
              { name: 'SELECT seats', service: `${service}-api`, kind: 3, atMillis: 22, tookMillis: 5, attributes: { 'db.system.name': 'sqlite', 'db.namespace': `${service}-seats` } },
              { name: 'POST bank', service: `${service}-api`, kind: 3, atMillis: 30, tookMillis: chargeMillis, attributes: { 'server.address': `${service}.bank` }, ...(error ? { error } : {}) },
            ],
          },
        ],
      },
    ],
  });
}

test('the map leads from the browser to what sends no spans, and on to the traces', async ({ page, throughline, service, complaints }) => {
  const { body } = booking(service, { error: 'card declined' });
  await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/map`);
  const map = page.getByRole('group', { name: 'Service map' });
  for (const name of [`${service}, browser`, `${service}-api, service`, `${service}-seats, database`, `${service}.bank, third party`]) {
    await expect(map.getByRole('button', { name: new RegExp(`^${name}:`) })).toBeVisible();
  }
  await map.getByRole('button', { name: new RegExp(`^${service}-api, service`) }).press('Enter');
  const panel = page.getByRole('complementary', { name: 'Picked' });
  await expect(panel.getByRole('heading', { name: `${service}-api` })).toBeVisible();
  await expect(page).toHaveURL(/at=service%3A/);
  await panel.getByRole('button', { name: `→ ${service}.bank` }).click();
  await expect(panel.getByRole('cell', { name: '100 %' })).toBeVisible();
  await page.getByRole('button', { name: 'Table' }).click();
  await expect(page.getByRole('table', { name: 'Connections' }).getByRole('row', { name: new RegExp(`${service} → ${service}-api`) })).toBeVisible();
  await panel.getByRole('link', { name: 'Failed' }).click();
  await expect(page.locator('ol.trace-list > li')).toHaveCount(1);
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});

test('two bookings are compared, and a trace is told, counted and read', async ({ page, throughline, service, complaints }) => {
  const usual = booking(service);
  const slow = booking(service, { chargeMillis: 900 });
  await throughline.sendTraces(usual.body);
  await throughline.sendTraces(slow.body);
  await page.goto(`${throughline.viewerUrl}/compare/${slow.traceId}`);
  await page.getByRole('link', { name: /The median/ }).click();
  await expect(page).toHaveURL(`${throughline.viewerUrl}/compare/${usual.traceId}/${slow.traceId}`);
  await expect(page.getByText(/B took .* longer than A/)).toContainText(`POST bank in ${service}-api is slower`);
  await page.getByRole('button', { name: /POST bank in .* is slower/ }).click();
  const panel = page.getByRole('complementary', { name: 'Picked' });
  await expect(panel.getByRole('row', { name: /^Itself/ })).toContainText('900 ms');
  await expect(page).toHaveURL(/at=\d/);

  const views = page.getByRole('navigation', { name: 'Views of the trace' });
  await page.goto(`${throughline.viewerUrl}/trace/${slow.traceId}/story`);
  await expect(page.getByText(`${service}-api waited for POST bank of ${service}.bank`)).toBeVisible();
  await views.getByRole('link', { name: 'Statistics' }).click();
  await page.getByRole('button', { name: 'Kind' }).click();
  await expect(page.getByRole('row', { name: /^client/ })).toContainText('3');
  await views.getByRole('link', { name: 'Graph' }).click();
  await expect(page.getByRole('button', { name: new RegExp(`^${service}-seats, database: ×1`) })).toBeVisible();
  await views.getByRole('link', { name: 'Logs' }).click();
  await expect(page.getByText('Nothing was logged')).toBeVisible();
  await views.getByRole('link', { name: 'Raw' }).click();
  await expect(page.getByRole('region', { name: 'OTLP/JSON' })).toContainText('"resourceSpans": [');
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});
