// Every page of the viewer and its views, on the furnished sample: an address, what is there once the page is, and the rules
// of axe-core that do not hold on it.

/** Finds the first element of a selector. @param {string} selector */
const css = (selector) => (page) => page.locator(selector).first();

/** The first row of the waterfall. */
export const firstRow = (page) => page.getByRole('treegrid').getByRole('row').first();

/**
 * @param {{trace: string, other: string, session: string, recorded: string, run: string}} furnished
 * @returns {[string, (page: import('@playwright/test').Page) => import('@playwright/test').Locator, string[]?][]}
 */
export function everyPage({ trace, other, session, recorded, run }) {
  return [
    ['/', css('ol.trace-list > li')],
    ['/search', css('ol.trace-list > li')],
    ['/search?q=%7B%20name%20%3D%20%22absent%22%20%7D', css('.message__parts')],
    ['/search?q=%7B%20name%20%3D', css('.message')],
    [`/trace/${trace}`, firstRow],
    [`/trace/${trace}?flame=wall`, css('.flame__canvas')],
    [`/trace/${trace}?flame=aggregate`, css('.trace-tools')],
    [`/trace/${trace}/story`, css('.sentence')],
    [`/trace/${trace}/graph`, css('.graph')],
    [`/trace/${trace}/statistics`, css('.data-table')],
    [`/trace/${trace}/logs`, css('.log')],
    [`/trace/${trace}/raw`, css('.raw__line')],
    ['/trace/00000000000000000000000000000099', css('.message')],
    [`/compare/${trace}`, css('.data-table')],
    [`/compare/${trace}/${other}`, css('.compare__title')],
    ['/map', css('.graph')],
    ['/map?view=table', css('.map__body')],
    ['/services', css('.service-card')],
    ['/sessions', css('.session-row')],
    [`/session/${session}`, css('.mini__row')],
    [`/session/${recorded}?at=1000`, css('.screen__said:not(:empty)')],
    [`/session/${recorded}?stage=steps`, css('.storyboard')],
    ['/session/absent', css('.message')],
    [`/run/${run}`, css('.picture img')],
    ['/run/absent', css('.message')],
    ['/setup', (page) => page.getByRole('heading', { name: 'See it arrive' })],
    ['/file', (page) => page.getByLabel('A file of traces')],
    [`/trace/${trace}?follow=service.version&density=18`, css('.follow__stop')],
    // One component several times has one landmark several times.
    ['/gallery', css('.gallery__section:last-child .button'), ['landmark-unique']],
    ['/nowhere', css('.message')],
  ];
}
