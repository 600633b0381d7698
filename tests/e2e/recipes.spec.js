// The recipes of the guide for a CI, their shell steps run as they are written.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { throughlineBinary } from '../harness/binaries.js';
import { expect, test } from '../harness/fixtures.js';
import { FIXTURES, OtherBuild, recordBooking, replay } from '../harness/replay.js';
import { Shop } from '../harness/shop.js';

const GUIDE = resolve(import.meta.dirname, '../../docs/guides/replay.md');

/** The commands of a job: `run: …` and what is below `run: |`, or the entries of `script:`, with their continuation lines. */
function commands(yaml) {
  const found = [];
  let inside = -1;
  for (const line of yaml.split('\n')) {
    const depth = line.search(/\S/);
    const step = /^\s*- run: (.*)$/.exec(line) ?? (inside >= 0 && depth === inside ? /^\s*- (.*)$/.exec(line) : null);
    if (/^\s*script:$/.test(line)) inside = depth + 2;
    else if (step) found.push({ text: step[1] === '|' ? '' : step[1], depth, block: step[1] === '|' });
    else if (found.length && depth > found.at(-1).depth && (found.at(-1).block ? depth >= found.at(-1).depth + 4 : inside >= 0)) found.at(-1).text += (found.at(-1).block ? '\n' : ' ') + line.trim();
    else if (inside >= 0 && depth < inside) inside = -1;
    else if (depth >= 0 && found.length) found.at(-1).block = false;
  }
  return found.map(({ text }) => text.trim());
}

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

let directory;
test.beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'throughline-recipes-'))));
test.afterAll(() => rm(directory, { recursive: true, force: true }));

test('the recipes of the guide pass against a good build and fail against a broken one', async ({ page, throughline }) => {
  test.setTimeout(300_000);
  const blocks = [...(await readFile(GUIDE, 'utf8')).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => commands(yaml));
  expect(blocks.map((steps) => steps.filter((step) => /throughline (serve|replay)/.test(step)).length)).toEqual([2, 2]);

  // What the job finds in its repository.
  const shop = await Shop.start(throughline);
  const session = await recordBooking(page, shop.url, throughline);
  await shop.dispose();
  const good = await Shop.start(throughline);
  const expectations = join(directory, 'booking.expect.json');
  const written = await replay(session, { server: throughline.viewerUrl, env: good.url, args: ['--allow-writes', '--expect-write', expectations] });
  expect(written.code, written.stderr).toBe(0);
  await good.dispose();
  await cp(throughline.dataDirectory, join(directory, 'sessions'), { recursive: true });
  await writeFile(join(directory, 'fixtures.json'), JSON.stringify({ ...FIXTURES, secrets: { card: { env: 'TEST_CARD' } } }));
  // Playwright and its browser are installed here already; npm and npx have nothing to do.
  const programs = join(directory, 'programs');
  await mkdir(programs);
  await symlink(throughlineBinary(), join(programs, 'throughline'));
  for (const name of ['npm', 'npx']) await writeFile(join(programs, name), '#!/bin/sh\n', { mode: 0o755 });
  await symlink(resolve(import.meta.dirname, '../node_modules'), join(directory, 'node_modules'));

  for (const [steps, fault] of [[blocks[0]], [blocks[1]], [blocks[0], 'lost-booking']]) {
    const [ingest, grpc, viewer] = [await freePort(), await freePort(), await freePort()];
    const temporary = await mkdtemp(join(directory, 'runner-'));
    const env = {
      ...process.env,
      PATH: `${programs}:${process.env.PATH}`,
      SESSION: session,
      TEST_CARD: FIXTURES.secrets.card,
      RUNNER_TEMP: temporary,
      CHROMIUM_BIN: test.info().project.use.launchOptions.executablePath,
      THROUGHLINE_LISTEN_INGEST: `127.0.0.1:${ingest}`,
      THROUGHLINE_LISTEN_GRPC: `127.0.0.1:${grpc}`,
      THROUGHLINE_LISTEN_VIEWER: `localhost:${viewer}`,
      THROUGHLINE_LISTEN_PLAYER: 'off',
      THROUGHLINE_SERVER: `http://localhost:${viewer}`,
    };
    const target = await Shop.start({ grpcUrl: `http://127.0.0.1:${grpc}`, tracerUrl: `http://127.0.0.1:${ingest}/throughline.js`, viewerUrl: `http://localhost:${viewer}` });
    const front = await OtherBuild.before(target.url, { headers: fault ? { 'x-demo-faults': fault } : {} });
    try {
      // The environment is at another port, and nothing outside of the test's directory is written to.
      const script = steps.join('\n').replaceAll('http://localhost:8080', front.url).replaceAll('/tmp/traces', join(temporary, 'traces'));
      const child = spawn('bash', ['-e', '-c', `trap 'kill $(jobs -p)' EXIT\n${script}`], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
      const [code] = await once(child, 'close');
      expect(code, `${script}\n${text}`).toBe(fault ? 1 : 0);
      expect(text).toContain(fault ? 'NEW REGRESSION' : 'REPRODUCED');
      const junit = await readFile(join(directory, 'replay.xml'), 'utf8');
      expect(junit).toMatch(fault ? /<failure type="missing write"/ : /failures="0"/);
    } finally {
      await front.dispose();
      await target.dispose();
    }
  }
});
