// Every page, in both themes at two widths, on data that are the same on every run: is anything cut, moved or gone?

import { expect } from '../harness/fixtures.js';
import { HOUR_ENDS, test } from '../harness/sample.js';
import { until } from '../harness/poll.js';
import { holdStill } from './still.js';

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const ALL = ['wide-light', 'wide-dark', 'narrow-light', 'narrow-dark'];
/** Of a state that differs from its page in few elements. */
const TWO = ['wide-light', 'narrow-dark'];
const NOW = new Date(Date.parse(HOUR_ENDS) + 60_000).toISOString();

const css = (selector) => (page) => page.locator(selector).first();
const row = (page) => page.getByRole('treegrid').getByRole('row').first();

/** Answers for the API. */
const refuse = (status, code, message) => (page) => page.route('**/api/**', (route) => route.fulfill({ status, json: { code, message, position: null } }));
const neverAnswer = (page) => page.route('**/api/**', () => {});
/** What the browser says as it prints. */
async function onPaper(page) {
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
}
/** Makes the window as tall as what stands in it. */
async function unroll(page) {
  const { width } = page.viewportSize();
  const bottom = () => page.evaluate(() => Math.ceil(document.querySelector('main').lastElementChild.getBoundingClientRect().bottom));
  let height;
  // What is still to come, such as a canvas's size, may change it: it is right when it stays.
  await until('the page keeps its height', async () => {
    const last = height;
    height = await bottom();
    await page.setViewportSize({ width, height });
    return height === last && height === (await bottom());
  }, { intervalMillis: 500 });
}
/** The ports differ from run to run. */
const fixedPorts = (page) =>
  page.route('**/api/v1/status', async (route) => {
    const response = await route.fetch();
    const status = await response.json();
    await route.fulfill({ response, json: { ...status, version: '0.0.0', ingestUrl: 'http://127.0.0.1:4318', grpcUrl: 'http://127.0.0.1:4317' } });
  });

/** What says that no server answers says where. */
const fixedOrigin = (page) => page.evaluate((origin) => document.querySelectorAll('.message code').forEach((code) => code.textContent === location.origin && (code.textContent = origin)), 'http://127.0.0.1:4319');
/** When the services were counted as well. */
const fixedCount = (page) =>
  page.route('**/api/v1/services', async (route) => {
    const response = await route.fetch();
    const services = await response.json();
    await route.fulfill({ response, json: { ...services, asOf: `${BigInt(Date.parse(NOW)) * 1_000_000n}` } });
  });
/** When the run arrived differs as well. */
const fixedRun = (page) =>
  page.route('**/api/v1/runs/*', async (route) => {
    const response = await route.fetch();
    const run = await response.json();
    await route.fulfill({ response, json: { ...run, created: `${BigInt(Date.parse(HOUR_ENDS)) * 1_000_000n}` } });
  });

/**
 * @typedef {object} Subject
 * @property {(ids: Awaited<ReturnType<typeof import('../harness/sample.js').furnish>>) => string} path
 * @property {(page: import('@playwright/test').Page) => import('@playwright/test').Locator} shown what is there once the page is
 * @property {(page: import('@playwright/test').Page) => Promise<unknown>} [before] what is done before the page is opened
 * @property {(page: import('@playwright/test').Page) => Promise<unknown>} [after] and once it is there
 * @property {boolean} [whole] whether the picture is of all of the page, however tall
 * @property {string[]} [as] in which sizes and themes; all of them where nothing is said
 */

/** @type {Record<string, Subject>} */
const SUBJECTS = {
  search: { path: () => '/search', shown: css('ol.trace-list > li') },
  'search-nothing': { path: () => '/search?q=%7B%20name%20%3D%20%22absent%22%20%7D', shown: css('.message__parts'), as: TWO },
  'search-mistake': { path: () => '/search?q=%7B%20name%20%3D', shown: css('.message'), as: ['narrow-dark'] },
  'search-loading': { path: () => '/search', before: neverAnswer, shown: css('.trace-row--skeleton'), as: TWO },
  'search-error': { path: () => '/search', before: refuse(500, 'internal', 'the disk is full'), shown: css('.message'), as: TWO },
  trace: { path: ({ trace }) => `/trace/${trace}`, shown: row },
  'trace-drawer': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.keyboard.press('n') },
  'trace-follow': { path: ({ trace }) => `/trace/${trace}?follow=service.version&density=18`, shown: css('.follow__stop'), as: TWO },
  'trace-loading': { path: ({ trace }) => `/trace/${trace}`, before: neverAnswer, shown: css('.skeleton-rows'), as: TWO },
  'trace-error': { path: ({ trace }) => `/trace/${trace}`, before: refuse(500, 'internal', 'the disk is full'), shown: css('.message'), as: TWO },
  'trace-share': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.getByText('Share', { exact: true }).click(), as: ['narrow-dark'] },
  'trace-printed': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: onPaper, as: ['wide-light'] },
  flame: { path: ({ trace }) => `/trace/${trace}?flame=wall`, shown: css('.flame__canvas') },
  'flame-aggregate': { path: ({ trace }) => `/trace/${trace}?flame=aggregate`, shown: css('.flame__canvas'), as: ['narrow-dark'] },
  story: { path: ({ trace }) => `/trace/${trace}/story`, shown: css('.sentence') },
  graph: { path: ({ trace }) => `/trace/${trace}/graph`, shown: css('.graph') },
  statistics: { path: ({ trace }) => `/trace/${trace}/statistics`, shown: css('.data-table') },
  logs: { path: ({ trace }) => `/trace/${trace}/logs`, shown: css('.log') },
  raw: { path: ({ trace }) => `/trace/${trace}/raw`, shown: css('.raw__line') },
  choose: { path: ({ trace }) => `/compare/${trace}`, shown: css('.data-table'), as: ['narrow-dark'] },
  compare: { path: ({ trace, other }) => `/compare/${trace}/${other}`, shown: css('.compare__title') },
  map: { path: () => '/map', shown: css('.graph') },
  'map-table': { path: () => '/map?view=table', shown: css('.map__body'), as: ['narrow-dark'] },
  services: { path: () => '/services', before: fixedCount, shown: css('.service-card') },
  sessions: { path: () => '/sessions', shown: css('.session-row') },
  session: { path: ({ session }) => `/session/${session}`, shown: css('.mini__row') },
  'session-player': { path: ({ recorded }) => `/session/${recorded}?at=1000`, shown: css('.screen__said:not(:empty)') },
  'session-steps': { path: ({ recorded }) => `/session/${recorded}?stage=steps`, shown: css('.storyboard'), as: ['narrow-dark'] },
  run: { path: ({ run }) => `/run/${run}`, before: fixedRun, shown: css('.picture img') },
  setup: { path: () => '/setup', before: fixedPorts, shown: (page) => page.getByRole('heading', { name: 'See it arrive' }) },
  file: { path: () => '/file', shown: (page) => page.getByLabel('A file of traces') },
  'sign-in': { path: () => '/sessions', before: refuse(401, 'unauthenticated', 'a token is needed'), shown: (page) => page.getByLabel('Token') },
  'not-found': { path: () => '/nowhere', shown: css('.message') },
  gallery: { path: () => '/gallery', shown: css('.gallery__section:last-child .button'), after: fixedOrigin, whole: true, as: ['wide-light', 'narrow-dark'] },
  keys: { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.keyboard.press('?'), as: ['narrow-dark'] },
};

for (const [name, { path, shown, before, after, whole = false, as = ALL }] of Object.entries(SUBJECTS)) {
  test(`${name} looks as it did`, async ({ page, sampled, furnished }) => {
    await holdStill(page, NOW);
    await before?.(page);
    for (const [size, viewport] of Object.entries(SIZES)) {
      const themes = ['light', 'dark'].filter((theme) => as.includes(`${size}-${theme}`));
      await page.setViewportSize(viewport);
      await page.emulateMedia({ media: 'screen', colorScheme: themes[0] });
      await page.goto(`${sampled.viewerUrl}${path(furnished)}`);
      await expect(shown(page)).toBeVisible();
      await after?.(page);
      if (whole) await unroll(page);
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme });
        await expect.soft(page).toHaveScreenshot(`${name}-${size}-${theme}.png`);
      }
    }
  });
}
