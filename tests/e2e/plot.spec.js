// The plot of duration over time above the results: a point leads to its trace, a region narrows the search, by pointer and by
// keys.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';

const plot = (page) => page.getByRole('slider', { name: /^Traces by time/ });
const rows = (page) => page.locator('ol.trace-list > li');
const names = (page) => page.locator('ol.trace-list .trace-row__name');

/** Five traces ten seconds apart; the later, the longer. Answers their ids by name. */
async function five(throughline, service) {
  const first = Date.now() - 120_000;
  const ids = {};
  for (const [number, name] of ['GET /one', 'GET /two', 'GET /three', 'GET /four', 'GET /five'].entries()) {
    const { traceId, body } = makeTrace({ name, service, tookMillis: 100 * (number + 1) }, { startMillis: first + number * 10_000 });
    await throughline.sendTraces(body);
    ids[name] = traceId;
  }
  return ids;
}

/** Where a share of the plot is on the page. */
async function at(page, x, y) {
  const { left, top, width, height } = await plot(page).evaluate((element) => element.getBoundingClientRect().toJSON());
  return [left + x * width, top + y * height];
}

/** The middle of the point of a trace. */
async function point(page, name) {
  const { x, y, width, height } = await page.locator(`.scatter__point[title^="${name} "]`).boundingBox();
  return [x + width / 2, y + height / 2];
}

async function open(page, throughline, service) {
  await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
  await expect(page.locator('.scatter__point')).toHaveCount(5);
}

for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } })) {
  test(`a click on a point opens its trace, and beside all points nothing, ${size}`, async ({ page, throughline, service }) => {
    const ids = await five(throughline, service);
    await page.setViewportSize(viewport);
    for (const name of ['GET /two', 'GET /five']) {
      await open(page, throughline, service);
      // Far from every point: short and late, long and early.
      for (const [x, y] of [[0.95, 0.95], [0.05, 0.05]]) await page.mouse.click(...(await at(page, x, y)));
      await expect(page).toHaveURL(/\/search/);
      const [x, y] = await point(page, name);
      await page.mouse.click(x + 3, y - 3);
      await expect(page).toHaveURL(new RegExp(`/trace/${ids[name]}$`));
    }
  });
}

test('a region that is drawn narrows the search to its time and its durations', async ({ page, throughline, service }) => {
  await five(throughline, service);
  await open(page, throughline, service);
  const [fromX, fromY] = await point(page, 'GET /two');
  const [toX, toY] = await point(page, 'GET /three');
  await page.mouse.move(fromX - 20, fromY + 6);
  await page.mouse.down();
  await page.mouse.move(toX + 20, toY - 6, { steps: 4 });
  await expect(page.locator('.scatter__brush')).toBeVisible();
  await page.mouse.up();
  await expect(names(page)).toHaveText([/GET \/three/, /GET \/two/]);
  const { searchParams } = new URL(page.url());
  // It is in the address, so that it can be shared and gone back from.
  for (const name of ['min', 'max']) expect(Number(searchParams.get(name)), name).toBeGreaterThan(0);
  await page.goBack();
  await expect(rows(page)).toHaveCount(5);
});

test('arrow keys go from point to point, draw a region, and Enter opens or narrows', async ({ page, throughline, service }) => {
  const ids = await five(throughline, service);
  await open(page, throughline, service);
  await plot(page).focus();
  await expect(plot(page)).toHaveAttribute('aria-valuenow', '0');
  for (const [key, name, number] of [['ArrowRight', 'GET /one', 1], ['ArrowRight', 'GET /two', 2], ['End', 'GET /five', 5], ['ArrowRight', 'GET /five', 5], ['ArrowLeft', 'GET /four', 4], ['Home', 'GET /one', 1], ['ArrowRight', 'GET /two', 2]]) {
    await page.keyboard.press(key);
    await expect(plot(page)).toHaveAttribute('aria-valuenow', `${number}`);
    await expect(plot(page)).toHaveAttribute('aria-valuetext', new RegExp(`^${name} · .*ms · `));
  }
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.scatter__brush')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('.scatter__brush')).toHaveCount(0);
  for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Enter']) await page.keyboard.press(key);
  await expect(names(page)).toHaveText([/GET \/four/, /GET \/three/, /GET \/two/]);
  await plot(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/trace/${ids['GET /two']}$`));
});
