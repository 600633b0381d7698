// A trace with more rows than a browser lets an element be tall: every one of them is reached.

import { largeTrace } from '../harness/columns.js';
import { expect, test } from '../harness/fixtures.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const GROUPS = 4_000;
const STEPS = 100;

test.use({ viewport: { width: 390, height: 844 } });

test('the last of four hundred thousand rows is reached by key, by wheel and by scrollbar', async ({ page, throughline, complaints }) => {
  const { count, body } = largeTrace(TRACE, GROUPS, STEPS);
  await page.route(`**/api/v1/traces/${TRACE}/columns`, (route) => route.fulfill({ contentType: 'application/vnd.throughline.columns', body }));
  await page.route(`**/api/v1/traces/${TRACE}/logs`, (route) => route.fulfill({ json: { resourceLogs: [] } }));
  await page.goto(`${throughline.viewerUrl}/trace/${TRACE}`);
  const grid = page.getByRole('treegrid');
  const rowAt = (index) => grid.locator(`[aria-rowindex="${index}"]`);
  await expect(grid).toHaveAttribute('aria-rowcount', String(count));
  // Rows on phones are 44 px high: together they are taller than what Firefox allows, and their element is not.
  expect(count * 44).toBeGreaterThan(17_000_000);
  expect((await grid.boundingBox()).height).toBeCloseTo(16_000_000, -1);

  await rowAt(1).focus();
  await page.keyboard.press('End');
  await expect(rowAt(count)).toBeInViewport();
  await expect(rowAt(count)).toContainText(`step ${STEPS - 1}`);
  await expect(rowAt(count)).toBeFocused();
  // The rows before it are in their places, and the bars with them.
  await page.keyboard.press('ArrowUp');
  await expect(rowAt(count - 1)).toBeFocused();
  await expect(rowAt(count - 1)).toContainText(`step ${STEPS - 2}`);
  const canvas = await page.locator('.waterfall__canvas').boundingBox();
  const last = await rowAt(count).boundingBox();
  expect((last.y + 44 - (canvas.y + canvas.height)) % 44).toBe(0);

  // A pixel of the wheel is a pixel of the rows, across many pages.
  await page.mouse.move(200, 500);
  const far = rowAt(count - 9);
  const before = (await far.boundingBox()).y;
  await page.mouse.wheel(0, -130);
  await expect.poll(async () => (await far.boundingBox()).y - before).toBe(130);

  // By the scrollbar: to where it begins, and to where it ends.
  const drag = (share) =>
    grid.evaluate((element, to) => {
      let scroller = element.parentElement;
      while (scroller && !(['auto', 'scroll'].includes(getComputedStyle(scroller).overflowY) && scroller.scrollHeight > scroller.clientHeight)) scroller = scroller.parentElement;
      scroller ??= document.scrollingElement;
      scroller.scrollTop = scroller.scrollHeight * to;
    }, share);
  await drag(0);
  await expect(rowAt(1)).toBeInViewport();
  await drag(0.5);
  await expect.poll(async () => Number(await grid.getByRole('row').first().getAttribute('aria-rowindex'))).toBeGreaterThan(count * 0.45);
  await drag(1);
  await expect(rowAt(count)).toBeInViewport();
  await page.keyboard.press('Home');
  await expect(rowAt(1)).toBeInViewport();
  expect(complaints.errors).toEqual([]);
});
