// Runs what `cargo xtask build` made in Chromium: the tracer on an empty page, which must deliver a span, and the viewer
// under the server's content security policy, which must draw something.
//
// Prints as JSON which of the viewer's files each page asks for.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname, join } from 'node:path';

import { launch } from './browser.mjs';

const { TRACER_DIR, VIEWER_DIR } = process.env;
const DEADLINE_MILLIS = 30_000;
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};
const VIEWER_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

const servers = [];
const browser = await launch();
try {
  await runTracer();
  console.log(JSON.stringify(await runViewer()));
} catch (error) {
  console.error(`\n${error.message}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
  for (const server of servers) server.close().closeAllConnections();
}

async function runTracer() {
  let exported = 0;
  const origin = await serve(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (path === '/v1/traces') {
      request.on('data', (chunk) => (exported += chunk.length));
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
    } else if (extname(path) === '.js') {
      // The server's names carry a hash.
      const name = basename(path).replace(/-[^.]+(?=\.js$)/, '');
      const script = await readFile(join(TRACER_DIR, name)).catch(() => undefined);
      response.writeHead(script ? 200 : 404, { 'content-type': TYPES['.js'] }).end(script);
    } else {
      response.writeHead(200, { 'content-type': TYPES['.html'] }).end('<script src="/throughline.js" data-service="size"></script>');
    }
  });
  const page = await newPage();
  await page.goto(origin);
  const answer = await page.evaluate(async () => {
    const answer = await window.throughline.trace('instantiated', async () => 42);
    await window.throughline.flush();
    return answer;
  });
  if (answer !== 42) throw new Error(`throughline.trace returned ${answer} instead of what its function returned`);
  const deadline = Date.now() + DEADLINE_MILLIS;
  while (exported === 0) {
    if (Date.now() > deadline) throw new Error('throughline.js exported no span');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  check(page, 'throughline.js');
}

/** @returns {Promise<Record<string, string[]>>} the names of the files that each page asks for, index.html first */
async function runViewer() {
  let asked;
  const origin = await serve(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (path.startsWith('/api/')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"no server"}');
      return;
    }
    const name = extname(path) === '' ? 'index.html' : path.slice(1);
    const content = await readFile(join(VIEWER_DIR, name)).catch(() => undefined);
    if (content) asked.add(name);
    response
      .writeHead(content ? 200 : 404, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'content-security-policy': VIEWER_POLICY })
      .end(content);
  });
  const pages = {};
  for (const path of ['/', `/trace/${'a'.repeat(32)}`, '/map', '/file']) {
    asked = new Set(['index.html']);
    const page = await newPage();
    await page.goto(`${origin}${path}`);
    await page.waitForFunction(() => document.querySelector('#main')?.innerText.trim(), undefined, { timeout: DEADLINE_MILLIS });
    await page.waitForLoadState('networkidle');
    check(page, `the viewer at ${path}`);
    await page.close();
    pages[path] = [...asked];
  }
  return pages;
}

async function newPage() {
  const page = await browser.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|wasm|\[throughline\]/i.test(message.text()) && message.type() === 'error') page.complaints.push(message.text());
  });
  return page;
}

function check(page, what) {
  if (page.complaints.length > 0) throw new Error(`${what} reported in Chromium: ${page.complaints.join('; ')}`);
}

/** @returns {Promise<string>} the origin of a server that answers so until the end */
async function serve(answer) {
  const server = createServer(answer);
  servers.push(server);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}`;
}
