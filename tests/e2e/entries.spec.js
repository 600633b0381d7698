// The npm package's entries for frameworks and for `@opentelemetry/api`, beside the tag.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, press, test } from '../harness/fixtures.js';
import { expectTrace } from '../harness/trace.js';
import { until } from '../harness/poll.js';

test.beforeAll(() => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../frameworks/build.mjs')], { stdio: 'inherit' });
});

/** Opens an application of an entry. `routes` collects what it says of routes. */
async function open({ page, app, throughline, service }, name, start = `import '/frameworks/${name}.js';`) {
  const collect = "<script>window.routes = []; throughline.route = (template) => { routes.push(template); };</script>";
  const tag = `${throughline.tag(service)}${collect}<script type="module">${start}</script>`;
  await page.goto(`${app.publish('framework.html', { tag })}?run=${service}`);
  await page.locator('body[data-application=ready]').waitFor();
}

const click = (page, name) => press(page, page.getByRole('button', { name, exact: true }));
const routes = (page) => page.evaluate(() => window.routes);

/** The exceptions that a click's trace has in its log. */
async function exceptionsOf({ page, throughline, service }, label) {
  await page.evaluate(() => window.throughline.flush());
  const trace = await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name === `click "${label}"`, `of the click on ${label}`);
  expect(trace.roots[0].status).toBe('error');
  return until('the exception is stored', async () => {
    const exceptions = (await throughline.readLogs(trace.traceId)).filter(({ name }) => name === 'exception');
    return exceptions.length ? exceptions.map(({ attributes }) => attributes) : undefined;
  });
}

test('React: a boundary shows its fallback and reports the error with its components', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-react');
  await click(page, 'caught');
  await expect(page.getByText('again: no price (caught)')).toBeVisible();
  const [exception, ...more] = await exceptionsOf({ page, throughline, service }, 'caught');
  expect(more).toEqual([]);
  expect(exception).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'no price (caught)', 'throughline.component': 'Checkout' });
  expect(exception['throughline.component.stack']).toMatch(/Price[^]*Basket[^]*ErrorBoundary/);
  expect(exception['exception.stacktrace']).toContain('Price');
});

test('React: an error that nobody caught is reported with its component and stays uncaught', async ({ page, app, throughline, service, complaints }) => {
  await open({ page, app, throughline, service }, 'entry-react');
  await click(page, 'uncaught');
  await expect.poll(() => complaints.errors).toEqual(['no price (uncaught)']);
  const exceptions = await exceptionsOf({ page, throughline, service }, 'uncaught');
  expect(exceptions.map((exception) => exception['throughline.component'])).toEqual(['Price']);
});

test('React: the routers tell the templates of their routes', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-react');
  expect(await routes(page)).toEqual(['/']);
  await page.evaluate(() => window.navigate('/films/42'));
  await expect.poll(() => routes(page)).toEqual(['/', '/films/:film', '/films/:film/told']);
  await page.evaluate(() => window.navigate('/films/42/seats'));
  await expect.poll(async () => (await routes(page)).at(-1)).toBe('/films/:film/seats');
  await page.evaluate(() => window.navigateTanStack('/people/7'));
  expect((await routes(page)).filter((template, index, all) => template !== all[index - 1]).slice(-2)).toEqual(['/', '/people/$person']);
});

test('Vue: errors of components are reported, and the own handler is called', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-vue');
  await click(page, 'caught');
  const [exception] = await exceptionsOf({ page, throughline, service }, 'caught');
  expect(exception).toMatchObject({
    'exception.type': 'RangeError',
    'throughline.component': 'Price',
    'throughline.component.stack': 'Price\nCheckout',
  });
  expect(await page.evaluate(() => window.handled)).toEqual(['no price']);
});

test('Vue: the router tells the templates of its routes', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-vue');
  await page.evaluate(() => window.navigate('/films/42/seats/7'));
  await expect.poll(async () => (await routes(page)).at(-1)).toBe('/films/:film/seats/:seat(\\d+)');
});

test('Svelte: a boundary and SvelteKit report errors and routes', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-svelte');
  await click(page, 'caught');
  await expect(page.locator('#failed')).toHaveText('no price');
  const [exception] = await exceptionsOf({ page, throughline, service }, 'caught');
  expect(exception).toMatchObject({ 'exception.type': 'TypeError', 'throughline.component': 'Checkout' });
  await page.evaluate(() => { window.navigate('/(shop)/films/[film]'); window.navigate('/(shop)'); });
  expect(await routes(page)).toEqual(['/films/[film]', '/']);
  expect(await page.evaluate(() => window.fail({ error: new Error('kit'), status: 500, event: { route: { id: '/x' } } }))).toEqual({ message: 'kit' });
});

test('Leptos: a boundary and the router tell errors and the templates of routes', async ({ page, app, throughline, service }) => {
  const start = `
    import start from '/frameworks/leptos/throughline_framework_leptos.js';
    start({ module_or_path: '/frameworks/leptos/throughline_framework_leptos_bg.wasm' });`;
  await open({ page, app, throughline, service }, 'leptos', start);
  await click(page, 'error-boundary');
  await expect(page.getByText('failed', { exact: true })).toBeVisible();
  const [exception] = await exceptionsOf({ page, throughline, service }, 'error-boundary');
  expect(exception).toMatchObject({ 'exception.message': 'invalid digit found in string', 'throughline.component': 'Failing' });
  await click(page, 'router-component');
  await expect.poll(() => routes(page)).toEqual(['/movies/:id']);
});

/** Clicks a control of the OpenTelemetry page and reads its trace, once it has the request that it ends in. */
async function traced({ page, app, throughline, service }, id, wanted = () => true) {
  await click(page, id);
  await app.waitForRequest(`/api/case/${id}`, ({ query }) => query.get('run') === service);
  return throughline.waitForTraceOf(service, (trace) => trace.find(new RegExp(`/api/case/${id}$`)) !== undefined && wanted(trace), `with the request of ${id}`);
}

test('OpenTelemetry: an active span is a child of the action, and of it the requests, over native await', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-opentelemetry');
  const trace = await traced({ page, app, throughline, service }, 'active-span');
  expectTrace(trace).isWhole().hasDirectChain(['click "active-span"', 'checkout of two', /GET \/api\/case\/active-span/]);
  expectTrace(trace).hasDirectChain(['checkout of two', /GET \/api\/step\/active-span/]);
  const span = trace.only('checkout of two');
  expect(span).toMatchObject({ kind: 'producer', status: 'error', statusMessage: 'sold out' });
  expect(span.attributes).toMatchObject({ items: 2, express: true, tags: ['a', 'b'] });
  expect(span.events.map(({ name, attributes }) => [name, attributes.seat ?? attributes['exception.type']])).toEqual([['reserved', 'F12'], ['exception', 'RangeError']]);
  expect(await page.evaluate(() => window.seen)).toMatchObject({ sameSpan: true, ended: true });
});

test('OpenTelemetry: spans nest, and links are kept', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-opentelemetry');
  const trace = await traced({ page, app, throughline, service }, 'nested');
  expectTrace(trace).isWhole().hasDirectChain(['click "nested"', 'outer', 'inner', /GET \/api\/case\/nested/]);
  expect(trace.only('inner').links).toMatchObject([{ spanId: trace.only('outer').spanId }]);
});

test('OpenTelemetry: the active span of a handler is the action', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-opentelemetry');
  const trace = await traced({ page, app, throughline, service }, 'ambient');
  expect(trace.only('click "ambient"').attributes['shop.basket']).toBe('full');
});

test('OpenTelemetry: values of a context survive awaits and do not leak', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-opentelemetry');
  const trace = await traced({ page, app, throughline, service }, 'values');
  expectTrace(trace).isWhole().hasDirectChain(['click "values"', /GET \/api\/step\/values/]);
  expect(await page.evaluate(() => window.seen)).toMatchObject({ inside: 'acme', bound: 'bound' });
  expect(await page.evaluate(() => 'outside' in window.seen && window.seen.outside)).toBeUndefined();
});

test('OpenTelemetry: a root span and one outside actions are traces of their own', async ({ page, app, throughline, service }) => {
  await open({ page, app, throughline, service }, 'entry-opentelemetry');
  const root = await traced({ page, app, throughline, service }, 'root-span');
  expectTrace(root).isWhole().hasDirectChain(['job', /GET \/api\/case\/root-span/]);
  await page.evaluate(() => window.outside());
  const outside = await throughline.waitForTraceOf(service, (trace) => trace.find('outside') !== undefined, 'of the span outside actions');
  expectTrace(outside).isWhole().hasDirectChain(['outside', /GET \/api\/case\/outside/]);
  await page.evaluate(() => window.unregister());
  expect(await page.evaluate(() => window.outside().then(() => 'runs on'))).toBe('runs on');
});
