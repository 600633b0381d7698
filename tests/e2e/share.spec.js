// Notes, a trace as files, and the setup page.

import { readFile } from 'node:fs/promises';

import { expect } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';
import { INCIDENT, findTrace, test } from '../harness/sample.js';

test('a note is pinned to a span, seen by others, deleted and brought back', async ({ page, sampled, browser, complaints }) => {
  const trace = await findTrace(sampled, INCIDENT);
  await page.goto(`${sampled.viewerUrl}/trace/${trace}`);
  const row = page.getByRole('treegrid').getByRole('row').first();
  await row.click();
  const text = 'see <b>PAY-311</b>';
  await page.getByLabel('Note', { exact: true }).fill(text);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByRole('button', { name: 'Pin' }).click();
  const note = page.getByRole('region', { name: 'Notes' }).locator('blockquote');
  await expect(note).toContainText(text);
  await expect(row.getByRole('img', { name: 'has a note' })).toBeVisible();

  const context = await browser.newContext();
  const other = await context.newPage();
  const report = await context.request.get(`${sampled.viewerUrl}/api/v1/traces/${trace}/export?format=html`);
  const html = await report.text();
  expect(html).toContain('see &lt;b&gt;PAY-311&lt;/b&gt;');
  // The report needs nothing but itself.
  await context.setOffline(true);
  await other.setContent(html);
  await other.locator('details.span').first().locator('summary').click();
  await expect(other.locator('details.span').first().getByText('Resource')).toBeVisible();
  await context.close();

  await note.getByRole('button', { name: 'Delete' }).click();
  await expect(note).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(note).toContainText(text);
  await page.reload();
  await expect(note).toContainText('Ada');

  await page.getByText('Share', { exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Jaeger' }).click();
  expect((await download).suggestedFilename()).toBe(`trace-${trace}.jaeger.json`);
  expect(complaints.errors).toEqual([]);
});

test('the setup page sends a test span and shows that it arrives', async ({ page, ownThroughline }) => {
  await page.goto(`${ownThroughline.viewerUrl}/setup`);
  await expect(page.getByText('Waiting for the first span')).toBeVisible();
  await page.getByRole('button', { name: '.NET' }).click();
  await expect(page.locator('.recipe', { hasText: 'AddOtlpExporter' })).toContainText(ownThroughline.grpcUrl);
  await page.getByRole('button', { name: 'Send a test span' }).click();
  await expect(page.getByRole('link', { name: 'test span' })).toBeVisible();
  await expect(page.getByRole('row', { name: 'throughline-test 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Add sample data' }).click();
  await expect(page.locator('.attempts').getByRole('alert')).toContainText('has traces already');
});

test('a trace that was exported is opened by drop and filtered where there is no server', async ({ page, ownThroughline, service, complaints }) => {
  const { traceId, body } = makeTrace({
    name: 'click "Pay"',
    service,
    tookMillis: 400,
    children: [
      { name: 'POST /pay', service: `${service}-api`, kind: 2, atMillis: 30, tookMillis: 300, attributes: { 'http.route': '/pay', 'app.amount': 42 } },
      { name: 'POST bank', service: `${service}-api`, kind: 3, atMillis: 340, tookMillis: 20, error: 'card declined' },
    ],
  });
  await ownThroughline.sendTraces(body);
  await page.goto(`${ownThroughline.viewerUrl}/trace/${traceId}`);
  const rows = page.getByRole('treegrid').getByRole('row').filter({ visible: true });
  await expect(rows).toHaveCount(3);
  const files = [];
  await page.getByText('Share', { exact: true }).click();
  for (const name of ['OTLP', 'Jaeger', 'Zipkin', 'Perfetto']) {
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name }).click();
    files.push([name, await readFile(await (await download).path(), 'utf8')]);
  }

  // The page brings what it needs before it is needed.
  const parts = page.waitForResponse((response) => /split_traces.*\.wasm/.test(response.url()));
  await page.goto(`${ownThroughline.viewerUrl}/file`);
  await parts;
  await page.waitForLoadState('networkidle');
  await ownThroughline.stop();
  for (const [name, text] of files) {
    const data = await page.evaluateHandle(
      ([file, contents]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([contents], file, { type: 'application/json' }));
        return transfer;
      },
      [`${name}.json`, text],
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await expect(page.getByText(`from the file ${name}.json`)).toBeVisible();
    await expect(rows).toHaveCount(3);
    const find = page.getByLabel('Filter the spans of this trace');
    for (const [query, count] of [['{ status = error }', 1], ['{ duration > 100ms }', 2], [`{ resource.service.name = "${service}-api" && span.http.route = "/pay" }`, 1], ['{ name =~ "POST.*" } >> { status = error } || { name = "click \\"Pay\\"" }', 1]]) {
      await find.fill(query);
      await expect(page.locator('#find-count'), `${query} in ${name}`).toHaveText(new RegExp(`^(${count} spans?|\\d of ${count})$`));
    }
    await page.goBack();
    await expect(page.getByLabel('A file of traces')).toBeVisible();
  }
  expect(complaints.errors).toEqual([]);
});

test('a link, a bug report and a request are copied', async ({ page, context, ownThroughline, service, complaints }) => {
  const { traceId, body } = makeTrace({
    name: 'click "Pay"',
    service,
    tookMillis: 400,
    children: [{ name: 'POST /pay', service, kind: 3, atMillis: 30, tookMillis: 300, error: 'card <b>declined</b>', attributes: { 'http.request.method': 'POST', 'url.full': "https://shop.example/pay?note=it's" } }],
  });
  await ownThroughline.sendTraces(body);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${ownThroughline.viewerUrl}/trace/${traceId}?zoom=20000000-350000000`);
  await page.getByRole('treegrid').getByRole('row').filter({ hasText: 'POST /pay' }).click();
  await expect(page).toHaveURL(/span=[0-9a-f]{16}/);
  const copied = async (part) => {
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(part);
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await page.getByText('Share', { exact: true }).click();
  await page.getByRole('button', { name: /^Copy link/ }).click();
  expect(await copied('/trace/')).toBe(page.url());
  expect(page.url()).toMatch(/zoom=20000000-350000000/);
  await page.getByRole('button', { name: /^Copy as Markdown/ }).click();
  const report = await copied('POST /pay');
  expect(report).toContain('declined');
  expect(report).toContain(page.url());
  await page.getByRole('button', { name: /^Copy as curl/ }).click();
  // Whatever a shell would read in an address stays text.
  expect(await copied('curl')).toMatch(/^curl .*'https:\/\/shop\.example\/pay\?note=it'\\''s'/);
  expect(complaints.errors).toEqual([]);
});
