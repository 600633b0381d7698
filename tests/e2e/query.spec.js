// Queries as they are typed: filters inside a trace, mistakes under their character, views that a team keeps, and
// traces that are chosen from the list to be compared.

import { expect, test } from '../harness/fixtures.js';
import { makeTrace } from '../harness/otlp.js';

const find = (page) => page.getByLabel('Filter the spans of this trace');
const bar = (page) => page.getByRole('combobox', { name: 'Query in TraceQL' });
const traceRows = (page) => page.locator('ol.trace-list > li');

/** A page's request with two calls of a backend, of which one failed. */
function shopTrace(service, tookMillis = 400) {
  return makeTrace({
    name: 'GET /seats',
    service,
    tookMillis,
    kind: 3,
    children: [
      {
        name: 'GET /seats',
        service: `${service}-api`,
        kind: 2,
        atMillis: 10,
        tookMillis: tookMillis - 20,
        attributes: { 'http.route': '/seats', 'app.amount': 42, 'app.tags': ['a', 'b'] },
        children: [
          { name: 'SELECT seats', service: `${service}-api`, kind: 3, atMillis: 40, tookMillis: 15, attributes: { 'app.amount': '42' } },
          { name: 'POST bank', service: `${service}-api`, kind: 3, atMillis: 60, tookMillis: 20, error: 'declined' },
        ],
      },
    ],
  });
}

test('a filter inside a trace is answered by the viewer, which asks for an attribute once', async ({ page, throughline, service }) => {
  const { traceId, body } = shopTrace(service);
  await throughline.sendTraces(body);
  const asked = [];
  page.on('request', (request) => {
    if (/\/(matches|fields)\?/.test(request.url())) asked.push(new URL(request.url()).pathname.split('/').pop());
  });
  await page.goto(`${throughline.viewerUrl}/trace/${traceId}`);
  const count = page.locator('#find-count');
  for (const [query, says, requests] of [
    ['{ status = error }', '1 span', 0],
    ['{ kind = client } > { kind = server }', '1 span', 0],
    [`{ resource.service.name = "${service}-api" }`, '3 spans', 0],
    ['{ name =~ "(?i)get .*" }', '2 spans', 0],
    ['{ span.app.amount = 42 }', '1 span', 1],
    ['{ span.app.amount = "42" }', '1 span', 1],
    ['{ span.app.amount != nil } && { status = error }', '3 spans', 1],
    ['{ span.app.tags = "b" && span.app.amount > 1 }', '1 span', 2],
    ['{ } | by(resource.service.name) | count() > 2', '3 spans', 2],
  ]) {
    await find(page).fill(query);
    await expect(count, query).toHaveText(new RegExp(`^(\\d+ of )?${says.split(' ')[0]}( spans?)?$`));
    expect(asked, query).toHaveLength(requests);
  }
  expect(asked).not.toContain('matches');
});

test('what is wrong stands under its character while it is typed, and not before it is wrong', async ({ page, throughline, service }) => {
  const { traceId, body } = shopTrace(service);
  await throughline.sendTraces(body);
  const searched = [];
  for (const [address, field, problem] of [
    [`/trace/${traceId}`, find, page.locator('#find-problem')],
    ['/search', bar, page.locator('.search #query-problem')],
  ]) {
    await page.goto(`${throughline.viewerUrl}${address}`);
    const input = address === '/search' ? page.locator('.search').getByRole('combobox', { name: 'Query in TraceQL' }) : field(page);
    page.on('request', (request) => {
      if (/\/(matches|search)\?/.test(request.url())) searched.push(request.url());
    });
    searched.length = 0;
    // A mistake first, so that its absence afterwards says something.
    await input.fill('{ duration > fast }');
    await expect(problem).toContainText('fast');
    await expect(problem.locator('.query__problem-line')).toHaveAttribute('style', /--at: ?13;/);
    await expect(input).toHaveAttribute('aria-invalid', 'true');
    await input.fill('{ dura');
    await expect(problem).toBeEmpty();
    await input.fill('{ nmae = "a" && dura');
    await expect(problem).toContainText('nmae');
    await input.fill('{ name =~ "(" }');
    await expect(problem).toContainText('regular expression');
    await input.fill('{ name = "a" } }');
    await expect(problem).toContainText('}');
    expect(searched.filter((url) => /[?&]q=/.test(url))).toEqual([]);
  }
});

test('a view is kept for the team, dropped and brought back', async ({ page, browser, throughline, service }) => {
  await throughline.sendTraces(shopTrace(service).body);
  const name = `slow ${service}`;
  await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
  await page.getByText('Saved', { exact: true }).click();
  await page.getByLabel('Name for this view').fill(name);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('link', { name })).toBeVisible();

  const other = await browser.newPage();
  await other.goto(`${throughline.viewerUrl}/search`);
  await other.getByText('Saved', { exact: true }).click();
  await other.getByRole('link', { name }).click();
  await expect(other).toHaveURL(new RegExp(`service=${service}`));
  await expect(traceRows(other)).toHaveCount(1);
  await other.close();

  await page.getByRole('button', { name: `Drop ${name}` }).click();
  await expect(page.getByRole('link', { name })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name })).toBeVisible();
  await page.reload();
  await page.getByText('Saved', { exact: true }).click();
  await expect(page.getByRole('link', { name })).toBeVisible();
});

test('a view that the server does not take stays in the browser, which is said, until it is shared', async ({ page, throughline, service }) => {
  const name = `mine ${service}`;
  await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
  const refuse = (route) =>
    route.request().method() === 'PUT'
      ? route.fulfill({ status: 409, contentType: 'application/json', body: JSON.stringify({ code: 'refused', message: 'there are too many', position: null }) })
      : route.continue();
  await page.route('**/api/v1/views/*', refuse);
  await page.getByText('Saved', { exact: true }).click();
  await page.getByLabel('Name for this view').fill(name);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'in this browser only' })).toContainText('there are too many');
  await page.unroute('**/api/v1/views/*', refuse);
  await page.reload();
  await page.getByText('Saved', { exact: true }).click();
  await expect(page.getByText('Only in this browser')).toBeVisible();
  await page.getByRole('button', { name: 'Share with the team' }).click();
  await expect(page.getByText('Only in this browser')).toHaveCount(0);
  await expect(page.getByRole('link', { name })).toBeVisible();
});

test('two traces of the list are chosen with the keyboard and compared', async ({ page, throughline, service }) => {
  const made = [shopTrace(service, 400), shopTrace(service, 900), shopTrace(service, 300)];
  for (const { body } of made) await throughline.sendTraces(body);
  await page.goto(`${throughline.viewerUrl}/search?service=${service}`);
  await expect(traceRows(page)).toHaveCount(3);
  const compare = page.getByRole('region', { name: 'Compare traces' });
  const rowOf = ({ traceId }) => page.locator(`a.trace-row[href="/trace/${traceId}"]`);
  await expect(compare).toHaveCount(0);
  await rowOf(made[1]).focus();
  await page.keyboard.press('x');
  await expect(compare).toContainText('1 trace chosen');
  await page.getByRole('checkbox', { name: /Choose/ }).and(page.locator(`a[href="/trace/${made[0].traceId}"] ~ label input`)).press('Space');
  await expect(compare).toContainText('2 traces chosen');
  await compare.getByRole('link', { name: 'Compare the two' }).press('Enter');
  await expect(page).toHaveURL(`${throughline.viewerUrl}/compare/${made[0].traceId}/${made[1].traceId}`);
});
