// CAUSALITY.md's table in Chromium: every request belongs to the action that caused it, and to no other.

import { CASES, FURTHER_CASES, GAP_MILLIS, runCausality, throughlineAdapter } from '../harness/causality.js';
import { expectRight, judgedByTask, keep } from '../harness/causality-expectations.js';
import { complaintsOf, expect, test } from '../harness/fixtures.js';
import { goBack } from '../harness/going-back.js';
import { lateHalf } from '../harness/late-half.js';

// A wrong parent is wrong although the next try is right.
test.describe.configure({ retries: 0 });

test('the table tells a careless tracer by its wrong and its background requests', async ({ page, app, throughline, service }) => {
  const tag = `<script src="/pages/careless-tracer.js" data-service="${service}" data-endpoint="${throughline.ingestUrl}"></script>`;
  const url = app.publish('causality.html', { tag });
  const result = await runCausality({ page, app, url, adapter: throughlineAdapter(throughline), gapMillis: GAP_MILLIS.rapid });
  expect(result.cases.find(({ id }) => id === 'sync').verdict).toBe('ok');
  expect(result.cases.find(({ id }) => id === 'network-interleaves-a').verdict).toBe('wrong');
  expect(result.wrong).toBeGreaterThan(5);
  expect(result.background).toBeGreaterThan(100);
});

test('every request belongs to the action that caused it, and no other, at both paces', async ({ browser, app, throughline, service }, testInfo) => {
  test.setTimeout(600_000);
  const url = app.publish('causality.html', { tag: throughline.tag(service) });
  // Side by side, each in a profile of its own: most of the time is the gaps between the actions.
  await Promise.all(
    Object.entries(GAP_MILLIS).map(async ([pace, gapMillis]) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      const complaints = complaintsOf(page);
      const result = await runCausality({ page, app, url, adapter: { ...throughlineAdapter(throughline), ready: lateHalf }, ids: CASES, gapMillis });
      await keep(testInfo, `causality-${pace}`, result);
      await expectRight(result);
      expect.soft(complaints, pace).toEqual({ errors: [], console: [], dialogs: [] });
      await context.close();
    }),
  );
});

test('beyond the table, no request is given to a wrong action', async ({ page, app, throughline, service }, testInfo) => {
  test.setTimeout(600_000);
  const url = app.publish('causality.html', { tag: throughline.tag(service) });
  const ids = process.env.CASES?.split(',') ?? FURTHER_CASES;
  const result = await runCausality({ page, app, url, adapter: { ...throughlineAdapter(throughline), ready: lateHalf }, ids, gapMillis: GAP_MILLIS.rapid });
  await keep(testInfo, 'causality-further', result);
  await expectRight(result, judgedByTask);
});

test('going back is an action of the user, unless the application does it', async ({ page, app, throughline, service }) => {
  await goBack({ page, app, throughline, service });
});
