// What readers have set in their system or browser holds in the viewer: language, time zone, forced colours, less motion.

import { expect } from '../harness/fixtures.js';
import { INCIDENT, findTrace, test } from '../harness/sample.js';
import { firstRow } from '../harness/viewer-pages.js';

const style = (page, selector, name) => page.locator(selector).first().evaluate((element, property) => getComputedStyle(element)[property], name);

test.describe('in German', () => {
  test.use({ locale: 'de-DE', timezoneId: 'Asia/Kolkata' });

  test('numbers are written as the language does, and times in the zone that is chosen', async ({ page, sampled }) => {
    await page.goto(`${sampled.viewerUrl}/services`);
    await expect(page.locator('.page__lead').first()).toContainText('18.635');
    const trace = await findTrace(sampled, INCIDENT);
    await page.goto(`${sampled.viewerUrl}/trace/${trace}?zoom=50000000-200000000`);
    await expect(firstRow(page)).toContainText('2,33');
    const when = page.locator('.facts');
    await expect(when).toContainText('11:49:43.849 UTC');
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Show local time' }).click();
    await expect(when).toContainText('17:19:43.849 UTC+5:30');
    // The page is as it was, and so is the next one.
    await expect(page).toHaveURL(/zoom=50000000-200000000/);
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Show UTC' }).click();
    await expect(when).toContainText('11:49:43.849 UTC');
  });
});

test('forced colours take nothing away that says something', async ({ page, sampled }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
  await page.goto(`${sampled.viewerUrl}/search?live=1`);
  await expect(page.locator('ol.trace-list > li').first()).toBeVisible();
  expect(await style(page, '.trace-row__length', 'backgroundImage')).toContain('gradient');
  const grounds = await page.locator('.miniature__bar').evaluateAll((bars) => bars.slice(0, 12).map((bar) => getComputedStyle(bar).backgroundColor));
  expect(new Set(grounds).size).toBeGreaterThan(1);
  expect(await style(page, '.live[aria-pressed="true"]', 'outlineStyle')).toBe('solid');

  await page.goto(`${sampled.viewerUrl}/trace/${await findTrace(sampled, INCIDENT)}`);
  await expect(firstRow(page)).toBeVisible();
  const dots = await page.locator('.row:not([hidden]) .dot').evaluateAll((all) => all.map((dot) => getComputedStyle(dot).backgroundColor));
  expect(new Set(dots).size).toBeGreaterThan(3);
  expect(await style(page, '.view-tabs__tab[aria-current="page"]', 'outlineStyle')).toBe('solid');
});

test('nothing moves for those who want less motion', async ({ page, sampled }) => {
  const trace = await findTrace(sampled, INCIDENT);
  const moving = () =>
    page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
      const { transitionDuration, transitionProperty, animationName } = getComputedStyle(element);
      return animationName !== 'none' || (transitionProperty !== 'none' && transitionDuration.split(', ').some((one) => parseFloat(one) > 0));
    }).length);
  for (const path of ['/search', `/trace/${trace}`, '/map']) {
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await page.goto(`${sampled.viewerUrl}${path}`);
    await expect(page.getByRole('banner')).toBeVisible();
    await expect.poll(moving, `${path} has something that moves`).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await expect.poll(moving, path).toBe(0);
  }
});
