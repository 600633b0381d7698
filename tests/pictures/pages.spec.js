// Every page, in both themes at two widths, on data that are the same on every run: is anything cut, moved or gone?

import { expect } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
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
const note = css('.message');

/** Answers for the API. */
const refuse = (status, code, message) => (page) => page.route('**/api/**', (route) => route.fulfill({ status, json: { code, message, position: null } }));
const fail = refuse(500, 'internal', 'the disk is full');
const neverAnswer = (page) => page.route('**/api/**', () => {});
/** Changes what the API answers at an address. @param {string} address @param {(body: any) => object} change */
const reword = (address, change) => (page) =>
  page.route(`**/api/v1/${address}`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
const HOUR_ENDS_NANOS = BigInt(Date.parse(HOUR_ENDS)) * 1_000_000n;

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
const fixedPorts = reword('status', (status) => ({ ...status, version: '0.0.0', ingestUrl: 'http://127.0.0.1:4318', grpcUrl: 'http://127.0.0.1:4317' }));
/** What says that no server answers says where. */
const fixedOrigin = (page) => page.evaluate((origin) => document.querySelectorAll('.message code').forEach((code) => code.textContent === location.origin && (code.textContent = origin)), 'http://127.0.0.1:4319');
/** When the run arrived differs as well. */
const fixedRun = reword('runs/*', (run) => ({ ...run, created: `${HOUR_ENDS_NANOS}` }));
const fixedRuns = reword('sessions/*/runs', ({ runs, ...rest }) => ({ ...rest, runs: runs.map((run) => ({ ...run, created: `${HOUR_ENDS_NANOS}` })) }));
/** When the services were counted as well. */
const fixedCount = reword('services', (services) => ({ ...services, asOf: `${HOUR_ENDS_NANOS + 60_000_000_000n}` }));
/** One view of the team's, and one of this browser's alone. */
async function keptViews(page) {
  const view = { id: '00000000000000a1', name: 'Payment is slow', address: '/search?service=payment&min=1000', author: 'Ada', created: `${HOUR_ENDS_NANOS}`, updated: `${HOUR_ENDS_NANOS}` };
  await page.route('**/api/v1/views', (route) => route.fulfill({ json: { views: [view] } }));
  await page.addInitScript(() => localStorage.setItem('throughline.views', 'What failed in the last hour, whoever it was that asked\t/search?errors=1'));
}
/** A visit of which something was heard four seconds ago. */
const underWay = reword('sessions/*', (session) => ({ ...session, serverTime: `${BigInt(session.summary.end) + 4_000_000_000n}` }));
/** How far behind it is grows while one looks. */
const fixedAge = (page) => page.locator('.mark--live').evaluate((mark) => (mark.textContent = mark.textContent.replace(/\d+/, '4')));
/** Two traces in a file that no server has seen. */
const aFile = async (page) => {
  const made = (name) => makeTrace({ name, service: 'checkout', tookMillis: 120, children: [{ name: 'SELECT prices', service: 'checkout', atMillis: 20, tookMillis: 60, error: 'timeout' }] }, { startMillis: Date.parse(HOUR_ENDS) });
  // They are listed by their ids, which are made up.
  const trace = (name, id) => {
    const { traceId, body } = made(name);
    return JSON.parse(JSON.stringify(body.resourceSpans).replaceAll(traceId, id.repeat(32)));
  };
  const buffer = Buffer.from(JSON.stringify({ resourceSpans: [...trace('GET /checkout', 'a'), ...trace('GET /checkout/a-path-that-goes-on-and-on/as-paths-do/until-it-ends', 'b')] }));
  await page.getByLabel('A file of traces').setInputFiles({ name: 'checkout.json', mimeType: 'application/json', buffer });
  await expect(page.getByRole('link', { name: 'GET /checkout', exact: true })).toBeVisible();
};
const noFile = (page) => page.getByLabel('A file of traces').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no spans in here') });
const find = (text) => (page) => page.getByLabel('Filter the spans of this trace').fill(text);
/** Opens a list, and waits for a part of it. */
function open(button, part) {
  return async (page) => {
    await page.locator(button).click();
    await expect(page.getByRole('button', { name: part })).toBeVisible();
  };
}
async function complete(page) {
  await page.getByLabel('Query in TraceQL').fill('{ resource.service.name = "');
  await expect(page.getByRole('option').first()).toBeVisible();
}
async function pick(page) {
  for (const place of [0, 2]) await page.locator('.trace-pick').nth(place).click();
  await expect(page.getByRole('button', { name: 'Clear' })).toBeVisible();
}
async function openClocks(page) {
  await page.getByRole('button', { name: 'Clocks…' }).click();
  await page.getByRole('combobox', { name: 'Set' }).selectOption('payment on payment-2');
  const field = page.getByRole('spinbutton', { name: 'payment on payment-2 is ahead by' });
  await field.fill('-250');
  await field.press('Enter');
  await expect(page.getByRole('button', { name: /Clocks adjusted: payment on payment-2 −250/ })).toBeVisible();
}
/** To the last row, and to the list of what it belongs to. */
async function scrollToEnd(page) {
  await row(page).focus();
  await page.keyboard.press('End');
  await page.getByRole('button', { name: /more above/ }).click();
  await expect(page.locator('.ancestors__list')).toBeVisible();
}
const nothingHere = (page) => page.route('**/api/v1/traces/*/logs', (route) => route.fulfill({ json: { resourceLogs: [] } }));

/**
 * @typedef {object} Subject
 * @property {(ids: Awaited<ReturnType<typeof import('../harness/sample.js').furnish>>) => string} path
 * @property {(page: import('@playwright/test').Page) => import('@playwright/test').Locator} shown what is there once the page is
 * @property {(page: import('@playwright/test').Page) => Promise<unknown>} [before] what is done before the page is opened
 * @property {(page: import('@playwright/test').Page) => Promise<unknown>} [after] and once it is there
 * @property {boolean} [bare] whether the server has nothing at all
 * @property {boolean} [whole] whether the picture is of all of the page, however tall
 * @property {string[]} [as] in which sizes and themes; all of them where nothing is said
 */

/** @type {Record<string, Subject>} */
const SUBJECTS = {
  search: { path: () => '/search', shown: css('ol.trace-list > li') },
  'search-first': { path: () => '/search', bare: true, shown: note },
  'search-nothing': { path: () => '/search?q=%7B%20name%20%3D%20%22absent%22%20%7D', shown: css('.message__parts') },
  'search-mistake': { path: () => '/search?q=%7B%20name%20%3D', shown: note },
  'search-loading': { path: () => '/search', before: neverAnswer, shown: css('.trace-row--skeleton') },
  'search-error': { path: () => '/search', before: fail, shown: note },
  'search-saved': { path: () => '/search', before: keptViews, shown: css('ol.trace-list > li'), after: open('.saved > summary', 'Drop Payment is slow') },
  'search-completed': { path: () => '/search', shown: css('ol.trace-list > li'), after: complete },
  'search-picked': { path: () => '/search', shown: css('ol.trace-list > li'), after: pick },
  'search-live': { path: () => '/search?live=1', shown: css('ol.trace-list > li') },
  trace: { path: ({ trace }) => `/trace/${trace}`, shown: row },
  'trace-drawer': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.keyboard.press('n') },
  'trace-follow': { path: ({ trace }) => `/trace/${trace}?follow=service.version&density=18`, shown: css('.follow__stop') },
  'trace-found': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: find('POST') },
  'trace-mistake': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: find('{ name = }') },
  'trace-coloured': { path: ({ trace }) => `/trace/${trace}?colour=service.version`, shown: css('.legend') },
  'trace-clocks': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: openClocks, as: TWO },
  'trace-above': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: scrollToEnd, as: ['narrow-light', 'narrow-dark'] },
  'trace-loading': { path: ({ trace }) => `/trace/${trace}`, before: neverAnswer, shown: css('.skeleton-rows') },
  'trace-absent': { path: () => `/trace/${'0'.repeat(30)}99`, shown: note },
  'trace-error': { path: ({ trace }) => `/trace/${trace}`, before: fail, shown: note },
  'trace-share': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.getByText('Share', { exact: true }).click() },
  'trace-printed': { path: ({ trace }) => `/trace/${trace}`, shown: row, after: onPaper, as: ['wide-light'] },
  flame: { path: ({ trace }) => `/trace/${trace}?flame=wall`, shown: css('.flame__canvas') },
  'flame-aggregate': { path: ({ trace }) => `/trace/${trace}?flame=aggregate`, shown: css('.flame__canvas') },
  story: { path: ({ trace }) => `/trace/${trace}/story`, shown: css('.sentence') },
  'story-loading': { path: ({ trace }) => `/trace/${trace}/story`, before: neverAnswer, shown: css('.skeleton') },
  'story-error': { path: ({ trace }) => `/trace/${trace}/story`, before: fail, shown: note },
  graph: { path: ({ trace }) => `/trace/${trace}/graph`, shown: css('.graph') },
  statistics: { path: ({ trace }) => `/trace/${trace}/statistics`, shown: css('.data-table') },
  logs: { path: ({ trace }) => `/trace/${trace}/logs`, shown: css('.log') },
  'logs-none': { path: ({ trace }) => `/trace/${trace}/logs`, before: nothingHere, shown: css('.page__lead') },
  raw: { path: ({ trace }) => `/trace/${trace}/raw`, shown: css('.raw__line') },
  'raw-error': { path: ({ trace }) => `/trace/${trace}/raw`, before: fail, shown: note, as: TWO },
  choose: { path: ({ trace }) => `/compare/${trace}`, shown: css('.data-table') },
  'choose-loading': { path: ({ trace }) => `/compare/${trace}`, before: neverAnswer, shown: css('.skeleton') },
  'choose-error': { path: ({ trace }) => `/compare/${trace}`, before: fail, shown: note },
  compare: { path: ({ trace, other }) => `/compare/${trace}/${other}`, shown: css('.compare__title') },
  'compare-same': { path: ({ trace }) => `/compare/${trace}/${trace}`, shown: css('.compare__title') },
  'compare-loading': { path: ({ trace, other }) => `/compare/${trace}/${other}`, before: neverAnswer, shown: css('.skeleton') },
  'compare-error': { path: ({ trace, other }) => `/compare/${trace}/${other}`, before: fail, shown: note },
  map: { path: () => '/map', shown: css('.graph') },
  'map-node': { path: () => '/map', shown: css('.graph'), after: (page) => page.getByRole('button', { name: /^payment, service/ }).press('Enter') },
  'map-table': { path: () => '/map?view=table', shown: css('.map__body') },
  'map-nothing': { path: () => '/map', bare: true, shown: note },
  'map-loading': { path: () => '/map', before: neverAnswer, shown: css('.map__skeleton') },
  'map-error': { path: () => '/map', before: fail, shown: note },
  services: { path: () => '/services', before: fixedCount, shown: css('.service-card:not(.service-card--grey) .service-card__count:has-text("trace")') },
  'services-none': { path: () => '/services', bare: true, before: fixedCount, shown: note },
  'services-loading': { path: () => '/services', before: neverAnswer, shown: css('.skeleton') },
  'services-error': { path: () => '/services', before: fail, shown: note },
  sessions: { path: () => '/sessions', shown: css('.session-row') },
  'sessions-none': { path: () => '/sessions', bare: true, shown: note },
  'sessions-nothing': { path: () => '/sessions?user=nobody', shown: note },
  'sessions-loading': { path: () => '/sessions', before: neverAnswer, shown: css('.sessions__skeleton') },
  'sessions-error': { path: () => '/sessions', before: fail, shown: note },
  session: { path: ({ session }) => `/session/${session}`, shown: css('.mini__row') },
  'session-player': { path: ({ recorded }) => `/session/${recorded}?at=1000`, shown: css('.screen__said:not(:empty)') },
  'session-steps': { path: ({ recorded }) => `/session/${recorded}?stage=steps`, shown: css('.storyboard') },
  'session-live': { path: ({ session }) => `/session/${session}`, before: underWay, shown: css('.mark--live'), after: fixedAge },
  'session-menu': { path: ({ session }) => `/session/${session}`, before: fixedRuns, shown: css('.mini__row'), after: open('.session-menu > summary', /Copy the command/) },
  'session-loading': { path: ({ session }) => `/session/${session}`, before: neverAnswer, shown: css('.session__stage .skeleton') },
  'session-absent': { path: () => '/session/absent', shown: note },
  'session-error': { path: ({ session }) => `/session/${session}`, before: fail, shown: note },
  run: { path: ({ run }) => `/run/${run}`, before: fixedRun, shown: css('.picture img') },
  'run-loading': { path: ({ run }) => `/run/${run}`, before: neverAnswer, shown: css('.skeleton') },
  'run-absent': { path: () => '/run/absent', shown: note },
  'run-error': { path: ({ run }) => `/run/${run}`, before: fail, shown: note },
  setup: { path: () => '/setup', before: fixedPorts, shown: (page) => page.getByRole('heading', { name: 'See it arrive' }) },
  'setup-waiting': { path: () => '/setup', bare: true, before: fixedPorts, shown: (page) => page.getByText('Waiting for the first span') },
  'setup-loading': { path: () => '/setup', before: neverAnswer, shown: css('.skeleton') },
  'setup-error': { path: () => '/setup', before: fail, shown: note },
  file: { path: () => '/file', shown: (page) => page.getByLabel('A file of traces') },
  'file-opened': { path: () => '/file', shown: (page) => page.getByLabel('A file of traces'), after: aFile },
  'file-mistaken': { path: () => '/file', shown: (page) => page.getByLabel('A file of traces'), after: noFile },
  'sign-in': { path: () => '/sessions', before: refuse(401, 'unauthenticated', 'a token is needed'), shown: (page) => page.getByLabel('Token') },
  'not-found': { path: () => '/nowhere', shown: note },
  gallery: { path: () => '/gallery', shown: css('.gallery__section:last-child .button'), after: fixedOrigin, whole: true, as: ['wide-light', 'narrow-dark'] },
  keys: { path: ({ trace }) => `/trace/${trace}`, shown: row, after: (page) => page.keyboard.press('?') },
};

for (const [name, { path, shown, before, after, bare = false, whole = false, as = ALL }] of Object.entries(SUBJECTS)) {
  test(`${name} looks as it did`, async ({ page, sampled, furnished, throughline }) => {
    await holdStill(page, NOW);
    await before?.(page);
    for (const [size, viewport] of Object.entries(SIZES)) {
      const themes = ['light', 'dark'].filter((theme) => as.includes(`${size}-${theme}`));
      if (themes.length === 0) continue;
      await page.setViewportSize(viewport);
      await page.emulateMedia({ media: 'screen', colorScheme: themes[0] });
      await page.goto(`${(bare ? throughline : sampled).viewerUrl}${path(furnished)}`);
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
