// A trace in which everything is wrong: it is shown all the same, says what is wrong, and runs nothing.

import { randomBytes } from 'node:crypto';

import { expect, test } from '../harness/fixtures.js';

const SCRIPT = '<script>globalThis.ran = true</script><img src=x onerror="globalThis.ran = true">';
const NOW = BigInt(Date.now() - 3_600_000) * 1_000_000n;
const MS = 1_000_000n;

/** @param {string} traceId @param {string} service */
function hostileTrace(traceId, service) {
  const id = (number) => number.toString(16).padStart(16, '0');
  const text = (key, stringValue) => ({ key, value: { stringValue } });
  const span = (spanId, parent, from, to, more = {}) => ({
    traceId,
    spanId: id(spanId),
    ...(parent ? { parentSpanId: id(parent) } : {}),
    name: `${SCRIPT} ${spanId}`,
    kind: 1,
    startTimeUnixNano: String(NOW + BigInt(from) * MS),
    endTimeUnixNano: String(NOW + BigInt(to) * MS),
    attributes: [text(SCRIPT, SCRIPT)],
    events: [{ name: SCRIPT, timeUnixNano: String(NOW + BigInt(from) * MS), attributes: [text(SCRIPT, SCRIPT)] }],
    status: { code: 2, message: SCRIPT },
    ...more,
  });
  const roots = Array.from({ length: 10 }, (_, index) => span(1 + index, 0, index, 100 + index));
  const hour = 3_600_000;
  const groups = [
    [SCRIPT, [...roots, span(20, 21, 5, 10), span(21, 20, 6, 9), span(30, 999, 7, 8), span(40, 1, 10, 20), span(40, 1, 30, 35)]],
    [`${service}-caller`, [span(50, 1, 10, 90, { kind: 3 })]],
    [`${service}-late`, [span(51, 50, 10 + hour, 80 + hour, { kind: 2 })]],
    [service, [span(60, 1, 50, 40), span(61, 1, 50, 60, { attributes: [text('large', 'x'.repeat(1 << 20))] })]],
  ];
  return {
    resourceSpans: groups.map(([name, spans]) => ({
      resource: { attributes: [text('service.name', name), text(SCRIPT, SCRIPT)] },
      scopeSpans: [{ scope: { name: SCRIPT, version: SCRIPT }, spans }],
    })),
  };
}

test('a hostile trace is shown with its warnings and runs nothing', async ({ page, throughline, service, complaints }) => {
  const traceId = randomBytes(16).toString('hex');
  await throughline.sendTraces(hostileTrace(traceId, service));
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const findings = page.getByRole('group', { name: 'Findings' });
  for (const words of ['Parent missing', 'Parents in a circle', 'Span id used twice', 'Several roots', 'Clocks disagree', 'Ends before it starts']) {
    await expect(findings).toContainText(words);
  }
  const rows = page.getByRole('treegrid').getByRole('row').filter({ visible: true });
  await expect(rows.first()).toContainText('<script>');
  await rows.first().click();
  const drawer = page.getByRole('complementary', { name: 'Span' });
  await expect(drawer).toContainText('onerror');
  for (const part of ['Events', 'Resource']) {
    await drawer.getByRole('tab', { name: part }).click();
    await expect(drawer.getByRole('tabpanel')).toContainText('<script>');
  }
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?span=${(61).toString(16).padStart(16, '0')}`);
  await expect(drawer.getByRole('tabpanel')).toContainText('xxxxxxxx');
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}?flame=wall`);
  await expect(page.getByRole('application', { name: 'Flame graph' })).toBeVisible();
  expect(await page.evaluate(() => globalThis.ran)).toBeUndefined();
  expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
});
