// CAUSALITY.md's table in Firefox: what the tracer relies on of promises, events and ports is not Chromium's alone.

import { CASES, FURTHER_CASES, GAP_MILLIS, runCausality, throughlineAdapter } from '../harness/causality.js';
import { Firefox } from '../harness/firefox.js';
import { complaintsOf, expect, test as base } from '../harness/fixtures.js';
import { goBack } from '../harness/going-back.js';
import { expectRight, judgedByTask, keep } from '../harness/causality-expectations.js';

/**
 * Firefox tells of the running event in the window whose target it is, not in that of the listener: a listener on another
 * window's target is taken for the code that ran before it in the same task.
 */
const ANOTHER_WINDOW = 'media-query';

const test = base.extend({
  firefox: [
    async ({}, use) => {
      const firefox = await Firefox.launch();
      await use(firefox);
      await firefox.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

for (const [pace, gapMillis] of Object.entries(GAP_MILLIS)) {
  test(`Firefox: every request belongs to the action that caused it, and no other (${pace})`, async ({ firefox, app, throughline, service }, testInfo) => {
    test.setTimeout(600_000);
    const page = await firefox.newPage();
    const complaints = complaintsOf(page);
    const url = app.publish('causality.html', { tag: throughline.tag(service) });
    const result = await runCausality({ page, app, url, adapter: throughlineAdapter(throughline), ids: CASES, gapMillis });
    await keep(testInfo, `causality-firefox-${pace}`, result);
    await expectRight(result);
    expect.soft(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
}

test('Firefox: beyond the table, no request is given to a wrong action', async ({ firefox, app, throughline, service }, testInfo) => {
  test.setTimeout(600_000);
  const page = await firefox.newPage();
  const url = app.publish('causality.html', { tag: throughline.tag(service) });
  const ids = process.env.CASES?.split(',') ?? FURTHER_CASES;
  const result = await runCausality({ page, app, url, adapter: throughlineAdapter(throughline), ids, gapMillis: GAP_MILLIS.rapid });
  await keep(testInfo, 'causality-firefox-further', result);
  await expectRight(result, (blamed) => judgedByTask(blamed) || blamed.source === ANOTHER_WINDOW);
});

test('Firefox: going back is an action of the user, unless the application does it', async ({ firefox, app, throughline, service }) => {
  await goBack({ page: await firefox.newPage(), app, throughline, service });
});
