// Whatever can be used with a pointer can be used without: every control of every page is reached by Tab, or by the arrow
// keys of the widget it is in, shows that it has the focus, has a name, and lets the focus go.

import { expect } from '../harness/fixtures.js';
import { faultsOf, noteListeners } from '../harness/keyboard.js';
import { HOUR_ENDS, test } from '../harness/sample.js';
import { everyPage, firstRow } from '../harness/viewer-pages.js';

/** What is for a pointer alone, and how keys do it. */
const APART = [
  '.minimap__strip, .axis', // + − 0 zoom, and the comma and the full stop move along.
  '.row__twisty', // The arrow keys of its row.
  '.ancestors__place', // They are rows, and an arrow key leads to each.
  '.flame__canvas', // The keys of the frame around it.
  '[role=option]', // The arrow keys of the field that the list belongs to.
  '.card, .raw__all, .file, .drawer__figures, .stacks, .gallery__row, .gallery__scroll', // Nothing that is drawn in them is to be picked.
];

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // The map shows the hour before now.
  await page.clock.setFixedTime(new Date(Date.parse(HOUR_ENDS) + 60_000));
  await noteListeners(page);
});

test('what is broken on purpose is found', async ({ page, sampled }) => {
  await page.goto(`${sampled.viewerUrl}/nowhere`);
  await expect(page.locator('.message')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.evaluate(() => {
    document.querySelector('.top-bar__help').tabIndex = -1;
    for (const name of ['aria-label', 'title']) document.querySelector('.logo').removeAttribute(name);
    document.querySelector('.logo__name').remove();
    const style = document.createElement('style');
    style.textContent = '.message a:focus-visible { outline: none; }';
    document.head.append(style);
    const pressed = document.createElement('div');
    pressed.textContent = 'press me';
    pressed.addEventListener('click', () => {});
    document.querySelector('.message').append(pressed);
  });
  const faults = await faultsOf(page);
  for (const part of [/top-bar__help.*no key reaches it/, /press me.*no key reaches it/, /Go to the traces.*nothing changes when it has the focus/, /^link <a class,logo|^link <a .*logo.*has no name/]) {
    expect(faults).toContainEqual(expect.stringMatching(part));
  }
  expect(faults).toHaveLength(4);
});

for (const [size, viewport] of Object.entries(SIZES)) {
  test(`every control of every page is used without a pointer, ${size}`, async ({ page, sampled, furnished }) => {
    // Every control is a key or two.
    test.slow();
    await page.setViewportSize(viewport);
    for (const [path, shown] of everyPage(furnished)) {
      await page.goto(`${sampled.viewerUrl}${path}`);
      await expect(shown(page)).toBeVisible();
      // A map is drawn again and again until all of it is counted.
      await expect(page.locator('.map__missing:not(:empty)')).toHaveCount(0);
      expect.soft(await faultsOf(page, { apart: APART }), path).toEqual([]);
    }
  });
}

test('every control that opens, or is there in one state only, is used without a pointer', async ({ page, sampled, furnished }) => {
  test.slow();
  await page.setViewportSize(SIZES.wide);
  const { trace, other, session } = furnished;
  const css = (selector) => page.locator(selector).first();
  const row = firstRow(page);
  const drawer = page.getByRole('complementary', { name: 'Span' });
  const press = (key) => () => page.keyboard.press(key);
  const find = (text) => () => page.getByLabel('Filter the spans of this trace').fill(text);
  /** What, where, what is there at first, what is done, and what is there then. */
  const states = [
    ['the views that are kept', '/search', css('ol.trace-list > li'), () => css('.saved > summary').click(), page.getByRole('button', { name: 'Drop Of mine' })],
    ['what is written of a query', '/search', css('ol.trace-list > li'), () => page.getByLabel('Query in TraceQL').fill('{ na'), page.getByRole('option').first()],
    ['the bar to compare', '/search', css('ol.trace-list > li'), () => css('.trace-pick input').check(), page.getByRole('button', { name: 'Clear' })],
    ['the menu to share', `/trace/${trace}`, row, () => page.getByText('Share', { exact: true }).click(), page.getByRole('button', { name: /Copy link/ })],
    ['the drawer', `/trace/${trace}`, row, press('n'), drawer.getByText('http.request.method')],
    ['a note that is written', `/trace/${trace}`, row, async () => {
      await page.keyboard.press('n');
      await page.getByLabel('Note', { exact: true }).fill('a note');
    }, page.getByRole('button', { name: 'Pin' })],
    ...['Events', 'Logs', 'Links', 'Resource'].map((tab) => [`the part of the drawer with ${tab}`, `/trace/${trace}`, row, async () => {
      await page.keyboard.press('n');
      await page.getByRole('tab', { name: tab }).click();
    }, page.getByRole('tabpanel', { name: tab })]),
    ['hits of a filter', `/trace/${trace}`, row, find('POST'), page.getByRole('button', { name: 'Next hit' })],
    ['a filter with a mistake', `/trace/${trace}`, row, find('{ name = }'), css('#find-problem:not(:empty)')],
    ['a part of the time', `/trace/${trace}?zoom=50000000-200000000`, row, () => {}, page.getByRole('button', { name: 'Whole trace' })],
    ['a node of the map', '/map', css('.graph'), () => page.getByRole('button', { name: /^payment, service/ }).press('Enter'), css('.map__panel')],
    ['a difference', `/compare/${trace}/${other}`, css('.compare__title'), () => css('.diff-row').click(), css('.diff-row[aria-pressed="true"]')],
    ['the menu of a session', `/session/${session}`, css('.mini__row'), () => css('.session-menu > summary').click(), css('.session-menu a[href^="/run/"]')],
  ];
  for (const [what, path, before, act, after] of states) {
    await page.goto(`${sampled.viewerUrl}/nowhere`);
    await page.evaluate(() => localStorage.setItem('throughline.views', 'Of mine\t/search?errors=1'));
    await page.goto(`${sampled.viewerUrl}${path}`);
    await expect(before).toBeVisible();
    await act();
    await expect(after, what).toBeVisible();
    expect.soft(await faultsOf(page, { apart: APART }), what).toEqual([]);
  }
});

test('whatever opens gives the focus back', async ({ page, sampled, furnished }) => {
  const { trace, session } = furnished;
  await page.goto(`${sampled.viewerUrl}/trace/${trace}`);
  await expect(firstRow(page)).toBeVisible();

  const dialog = page.getByRole('dialog');
  const keys = page.getByRole('button', { name: 'Keys' });
  await keys.focus();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeVisible();
  expect(await faultsOf(page, { root: 'dialog', apart: APART })).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(keys).toBeFocused();

  await firstRow(page).focus();
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(firstRow(page)).toBeFocused();

  // The drawer goes with the second press: the first is the menu's.
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('complementary', { name: 'Span' });
  await expect(drawer).toBeVisible();
  const share = page.locator('.menu > summary');
  // The row takes the focus back once the drawer stands.
  await expect(async () => {
    await share.press('Enter');
    await expect(page.locator('.menu[open]')).toHaveCount(1, { timeout: 1_000 });
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: /Copy link/ })).toBeFocused({ timeout: 1_000 });
  }).toPass();
  await page.keyboard.press('Escape');
  await expect(page.locator('.menu[open]')).toHaveCount(0);
  await expect(share).toBeFocused();
  await expect(drawer).toBeVisible();
  await drawer.getByRole('button', { name: 'Close the span' }).focus();
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await expect(firstRow(page)).toBeFocused();

  // A list that is open lies over nothing that has the focus.
  for (const [path, button] of [['/search', '.saved > summary'], [`/session/${session}`, '.session-menu > summary']]) {
    await page.goto(`${sampled.viewerUrl}${path}`);
    const summary = page.locator(button);
    await summary.press('Enter');
    await expect(page.locator('details:is(.menu, .saved)[open]')).toHaveCount(1);
    await summary.press('Shift+Tab');
    await expect(page.locator('details:is(.menu, .saved)[open]')).toHaveCount(0);
    await summary.press('Enter');
    await expect(page.locator('details:is(.menu, .saved)[open]')).toHaveCount(1);
    await page.locator('main').click({ position: { x: 5, y: 300 } });
    await expect(page.locator('details:is(.menu, .saved)[open]')).toHaveCount(0);
  }
});

test('the flame graph is walked, read and zoomed with keys', async ({ page, sampled, furnished }) => {
  await page.goto(`${sampled.viewerUrl}/trace/${furnished.trace}?flame=wall`);
  const graph = page.getByRole('application', { name: 'Flame graph' });
  const words = page.locator('#flame-hint');
  await expect(words).toContainText('Each lane is a depth');
  await expect(page.locator('.flame__wait')).toHaveCount(0);
  await graph.focus();
  await expect(words).toContainText('shop-web');
  const told = await words.textContent();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(words).toContainText('gateway');
  await page.keyboard.press(' ');
  await expect(page).toHaveURL(/zoom=/);
  await page.keyboard.press('0');
  await expect(page).not.toHaveURL(/zoom=/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(words).toHaveText(told);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Span' }).getByRole('heading', { level: 2 })).toContainText('Place order');
});

test('a stretch of time is moved along with keys', async ({ page, sampled, furnished }) => {
  await page.goto(`${sampled.viewerUrl}/trace/${furnished.trace}?zoom=50000000-200000000`);
  await expect(firstRow(page)).toBeVisible();
  await page.keyboard.press('.');
  await expect(page).toHaveURL(/zoom=(?!50000000-)\d+-\d+/);
  await page.keyboard.press(',');
  await expect(page).toHaveURL(/zoom=50000000-200000000/);
});
