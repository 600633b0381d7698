// Going back is an action of the user, unless the application does it.

import { expect } from '@playwright/test';

import { lateHalf } from './late-half.js';
import { propagatedBy } from './page-server.js';

/** Goes back as a user and as the application, and says whose the requests are that the page then makes. */
export async function goBack({ page, app, throughline, service }) {
  const run = `${Date.now()}`;
  await page.goto(`${app.publish('history.html', { tag: throughline.tag(service) })}?run=${run}`);
  await lateHalf(page);
  const rootOf = async (name) => {
    const request = await app.waitForRequest(`/api/history/${run}/${name}`);
    await page.evaluate(() => window.throughline.flush());
    const trace = await throughline.waitForTrace(propagatedBy(request).traceId);
    return trace.roots[0];
  };

  await page.evaluate(() => { for (const name of ['second', 'third', 'fourth']) window.visit(name); });
  await page.goBack();
  const back = await rootOf('third');
  expect(back.name).toBe('popstate');
  expect(back.attributes['throughline.action']).toBe('popstate');

  await page.evaluate(() => window.backByItself());
  const itself = await rootOf('second');
  expect(itself.attributes['throughline.action']).toBeUndefined();
  expect(itself.kind).toBe('client');
}
