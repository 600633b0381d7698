// The list of services: how many spans and traces each has, in the hues that it has elsewhere.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
import { Throughline } from '../harness/throughline.js';

test('a service says in how many traces it is, and has the mark that it has in them', async ({ page }) => {
  // Of its own: which hue a service has depends on the others.
  const throughline = await Throughline.start();
  const service = 'shop';
  const child = (name, more = []) => ({ name: `GET /${name}`, service: `${service}-${name}`, kind: 2, tookMillis: 20, children: more });
  for (let number = 0; number < 3; number += 1) {
    const children = number === 2 ? [child('z', [child('a')])] : [child('z')];
    await throughline.sendTraces(makeTrace({ name: 'GET /', service, tookMillis: 100, children }).body);
  }
  await page.goto(`${throughline.viewerUrl}/services`);
  const card = (name) => page.locator('.service-card').filter({ has: page.getByRole('link', { name, exact: true }) });
  for (const [name, counts] of [[service, '3 spans in 3 traces'], [`${service}-z`, '3 spans in 3 traces'], [`${service}-a`, '1 span in 1 trace']]) {
    await expect(card(name).locator('.service-card__count')).toHaveText(counts);
  }
  const colour = (dot) => dot.evaluate((element) => getComputedStyle(element).getPropertyValue('--h'));
  await expect.poll(() => colour(card(service).locator('.dot'))).not.toBe('360');
  const marks = Object.fromEntries(await Promise.all([service, `${service}-z`, `${service}-a`].map(async (name) => [name, await colour(card(name).locator('.dot'))])));
  expect(new Set(Object.values(marks)).size).toBe(3);
  await page.goto(`${throughline.viewerUrl}/search?service=${service}-a`);
  await expect(page.locator('ol.trace-list > li')).toHaveCount(1);
  for (const [name, hue] of Object.entries(marks)) expect(await colour(page.locator(`.trace-row .dot[title="${name}"]`)), name).toBe(hue);
  await throughline.dispose();
});

test('a count that does not come is said, and the last one stays', async ({ page, throughline, service }) => {
  await throughline.sendTraces(makeTrace({ name: 'GET /', service }).body);
  await page.goto(`${throughline.viewerUrl}/services`);
  const card = page.locator('.service-card').filter({ has: page.getByRole('link', { name: service, exact: true }) });
  await expect(card).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'last answer' })).toHaveCount(0);
  await page.route('**/api/v1/services*', (route) => route.abort('connectionrefused'));
  await page.getByRole('button', { name: 'Count again' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'last answer' })).toContainText('the server does not answer');
  await expect(card).toBeVisible();
});
