// The same-origin proxies of docs/guides/proxies, as they stand there.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, press, test } from '../harness/fixtures.js';
import { expectTrace } from '../harness/trace.js';
import { until } from '../harness/poll.js';

const RECIPES = join(import.meta.dirname, '../../docs/guides/proxies');
const FRAMEWORKS = join(import.meta.dirname, '../frameworks');
const SITE = join(FRAMEWORKS, 'recipes/proxied');
const require = createRequire(join(FRAMEWORKS, 'package.json'));

/** A port that was free a moment ago: neither program can tell which one it was given. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A proxy that runs as a program of its own, in a directory that goes with it. */
function running(name, directory, origin, program, args, environment) {
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] });
  let failure;
  child.once('error', (error) => { failure = error; });
  const stop = async () => {
    const ended = child.exitCode === null && child.pid ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
    child.kill();
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  return { origin, stop, failure: () => failure ?? (child.exitCode === null ? undefined : new Error(`${name} has ended`)) };
}

/** nginx in front of the site and the server. Returns its origin and what stops it. */
async function startNginx(throughline) {
  const directory = await mkdtemp(join(tmpdir(), 'throughline-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ');
  const configuration = join(directory, 'nginx.conf');
  await writeFile(
    configuration,
    `daemon off; master_process off; pid ${directory}/pid; error_log stderr warn; events {}
    http {
      access_log off; ${temporary}
      types { text/html html; text/plain txt; }
      upstream throughline { server ${new URL(throughline.ingestUrl).host}; keepalive 8; }
      server { listen 127.0.0.1:${port}; root ${SITE}; include ${join(RECIPES, 'nginx.conf')}; }
    }`,
  );
  return running('nginx', directory, `http://127.0.0.1:${port}`, process.env.NGINX_BIN ?? '/usr/sbin/nginx', ['-p', directory, '-c', configuration, '-e', 'stderr']);
}

/** Caddy in front of the site, which it serves at another port, and the server: the recipe with the addresses of here. */
async function startCaddy(throughline) {
  const directory = await mkdtemp(join(tmpdir(), 'throughline-caddy-'));
  const [port, site] = [await freePort(), await freePort()];
  const here = { 'shop.example': `http://127.0.0.1:${port}`, '127.0.0.1:4318': new URL(throughline.ingestUrl).host, '127.0.0.1:8080': `127.0.0.1:${site}` };
  let recipe = await readFile(join(RECIPES, 'Caddyfile'), 'utf8');
  for (const [there, address] of Object.entries(here)) {
    expect(recipe).toContain(there);
    recipe = recipe.replaceAll(there, address);
  }
  const configuration = join(directory, 'Caddyfile');
  await writeFile(configuration, `{\n\tadmin off\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n\n${recipe}\nhttp://127.0.0.1:${site} {\n\troot * ${SITE}\n\tfile_server\n}\n`);
  const environment = { XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory };
  return running('Caddy', directory, `http://127.0.0.1:${port}`, process.env.CADDY_BIN ?? '/usr/bin/caddy', ['run', '--config', configuration, '--adapter', 'caddyfile'], environment);
}

/** Vite's development server. */
async function startVite(throughline) {
  process.env.THROUGHLINE_URL = throughline.ingestUrl;
  const { createServer: createViteServer } = await import(pathToFileURL(require.resolve('vite')).href);
  const port = await freePort();
  const server = await createViteServer({
    root: SITE,
    configFile: join(RECIPES, 'vite.config.js'),
    logLevel: 'error',
    server: { port, strictPort: true, host: '127.0.0.1' },
  });
  await server.listen();
  return { origin: `http://127.0.0.1:${port}`, stop: () => server.close(), failure: () => undefined };
}

for (const [name, start] of Object.entries({ nginx: startNginx, Caddy: startCaddy, Vite: startVite })) {
  test(`behind ${name} a page asks its own origin only, and its traces arrive`, async ({ page, ownThroughline: throughline, complaints }) => {
    const proxy = await start(throughline);
    try {
      await until(`${name} answers`, async () => {
        if (proxy.failure()) throw proxy.failure();
        return fetch(proxy.origin).then(({ ok }) => ok, () => false);
      });
      const asked = new Set();
      page.on('request', (request) => asked.add(new URL(request.url()).origin));
      await page.goto(proxy.origin);
      await press(page, page.getByRole('button', { name: 'ask' }));
      const trace = await throughline.waitForTraceOf('proxied', ({ roots }) => roots[0].name === 'click "ask"', 'of the click');
      expectTrace(trace).isWhole().hasDirectChain(['click "ask"', 'GET /answer.txt']);
      expect([...asked]).toEqual([proxy.origin]);
      expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
    } finally {
      await proxy.stop();
    }
  });
}
