// The npm package as its users get it: packed, installed into an application, and bundled by Vite and by webpack.

import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { expect, press, test } from '../harness/fixtures.js';
import { expectTrace } from '../harness/trace.js';

const ROOT = join(import.meta.dirname, '../..');
const FRAMEWORKS = join(ROOT, 'tests/frameworks');
const BUILT = join(FRAMEWORKS, 'dist/recipes');
const require = createRequire(join(FRAMEWORKS, 'package.json'));

/** The applications lie below the packages of the frameworks' tests, where Vite and webpack are found. */
const BUNDLERS = {
  vite: { program: join(require.resolve('vite/package.json'), '../bin/vite.js'), arguments: ['build'] },
  webpack: { script: "import webpack from 'webpack'; import config from './webpack.config.mjs'; webpack({ ...config, context: process.cwd() }, (error, stats) => { if (error || stats.hasErrors()) throw error ?? new Error(stats.toString()); });" },
};

test.beforeAll(async () => {
  await rm(BUILT, { recursive: true, force: true });
  await mkdir(BUILT, { recursive: true });
  const laidOut = join(BUILT, 'package');
  run(BUILT, process.execPath, [join(ROOT, 'xtask/node/npm-package.mjs'), join(ROOT, 'target/embed/tracer'), laidOut]);
  const [{ filename }] = JSON.parse(run(laidOut, 'npm', ['pack', '--json', '--pack-destination', BUILT]));
  for (const [name, { program, arguments: words, script }] of Object.entries(BUNDLERS)) {
    const application = join(BUILT, name);
    await cp(join(FRAMEWORKS, 'recipes/application'), application, { recursive: true });
    await cp(join(FRAMEWORKS, 'recipes', name), application, { recursive: true });
    await writeFile(join(application, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: { '@throughline/tracer': `file:../${filename}` } }));
    // It has no dependencies of its own, so nothing is asked of a registry.
    run(application, 'npm', ['install', '--offline', '--omit=peer', '--no-audit', '--no-fund']);
    if (script) run(application, process.execPath, ['--input-type=module', '--eval', script]);
    else run(application, process.execPath, [program, ...words]);
  }
});

function run(cwd, program, words) {
  return execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Opens what a bundler has made of a module of the application. */
async function open({ page, app, throughline, service }, bundler, module, headers = {}) {
  const settings = `<script>window.settings = ${JSON.stringify({ service, endpoint: throughline.ingestUrl })};</script>`;
  const tag = `${settings}<script type="module" src="/frameworks/recipes/${bundler}/dist/${module}"></script>`;
  await page.goto(app.publish('framework.html', { tag, headers }));
  await page.locator('body[data-application=ready]').waitFor();
}

/** Presses a button and reads the trace of its click, once it has the request that it ends in. */
async function pressed({ page, app, throughline, service }, name) {
  await press(page, page.getByRole('button', { name }));
  await app.waitForRequest(`/api/case/${name}`, ({ query }) => query.get('run') === service);
  const ends = new RegExp(`/api/case/${name}$`);
  return throughline.waitForTraceOf(service, (trace) => trace.roots[0].name === `click "${name}"` && trace.find(ends) !== undefined, `of the click on ${name}`);
}

for (const bundler of Object.keys(BUNDLERS)) {
  test(`an application that ${bundler} has bundled follows a click through its modules`, async ({ page, app, throughline, service, complaints }) => {
    await open({ page, app, throughline, service }, bundler, 'main.js');
    const { version } = JSON.parse(await readFile(join(ROOT, 'tracer-wasm/npm/package.json'), 'utf8'));
    expect(await page.evaluate(() => [window.tracerVersion, window.throughline.version])).toEqual([version, version]);
    const trace = await pressed({ page, app, throughline, service }, 'save');
    expectTrace(trace).isWhole().hasDirectChain(['click "save"', 'save it', /GET \/api\/case\/save/]).hasDirectChain(['click "save"', /GET \/api\/step\/save/]);
    expect(trace.roots[0].resource).toMatchObject({ 'service.name': service, 'service.version': '1.2.3' });
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test(`a worker that ${bundler} has bundled joins the trace of its page`, async ({ page, app, throughline, service, complaints }) => {
    await open({ page, app, throughline, service }, bundler, 'main.js');
    const trace = await pressed({ page, app, throughline, service }, 'work');
    expectTrace(trace).isWhole().has(/GET \/api\/step\/work/);
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test(`what ${bundler} has bundled for a strict policy traces without WebAssembly`, async ({ page, app, throughline, service, complaints }) => {
    const headers = { 'content-security-policy': "script-src 'self' 'unsafe-inline'" };
    await open({ page, app, throughline, service }, bundler, 'strict.js', headers);
    expectTrace(await pressed({ page, app, throughline, service }, 'strict')).isWhole();
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
}

test('on a server the package does nothing, and says so by what it returns', () => {
  const script = `
    import * as tracer from '@throughline/tracer';
    import { register } from '@throughline/tracer/opentelemetry';
    tracer.event('nothing');
    tracer.exception(new Error('nothing'));
    register().unregister();
    const init = await tracer.init({ service: 'server' });
    await tracer.flush();
    console.log(JSON.stringify([tracer.trace('sum', () => 3), init ?? null, typeof throughline]));
  `;
  const said = run(join(BUILT, 'vite'), process.execPath, ['--input-type=module', '--eval', script]);
  expect(JSON.parse(said)).toEqual([3, null, 'undefined']);
});
