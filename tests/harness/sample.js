// A server with the sample shop's hour in it, ending at a fixed instant.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { throughlineBinary } from './binaries.js';
import { test as base } from './fixtures.js';
import { picture, rewording, sendRecording } from './recording.js';
import { Throughline } from './throughline.js';

/** When the hour ends. */
export const HOUR_ENDS = '2026-11-22T12:00:00Z';

/** A server over the sample data, which are the same on every run. */
async function startWithSample() {
  const server = await Throughline.start();
  await server.stop();
  await promisify(execFile)(throughlineBinary(), ['sample-data', '--data', server.dataDirectory, '--until', HOUR_ENDS]);
  await server.restart();
  return server;
}

/**
 * The id of the first trace that a query finds.
 *
 * @param {Throughline} server
 * @param {string} query
 */
export async function findTrace(server, query) {
  const response = await fetch(`${server.viewerUrl}/api/v1/search?limit=1&q=${encodeURIComponent(query)}`);
  const { traces } = await response.json();
  return traces[0].traceId;
}

/** Finds the traces of what goes wrong in the hour. */
export const INCIDENT = '{ resource.service.version = "2.5.0" && status = error }';

/** A re-run that went wrong, as the command sends it, with a picture of the demo's shop. */
async function publishRun(server, session, recorded, trace) {
  const findings = ['new_error', 'parameters'].map((kind) => ({ kind, service: 'payment', operation: 'charge', text: `charge in payment: ${kind}` }));
  const steps = [
    { number: 1, name: 'load /', recorded, trace, diverged: null, findings, screenshot: null },
    { number: 2, name: 'click "Book"', recorded, trace: null, diverged: 'the element is gone', findings: [], screenshot: null },
  ];
  const outcome = { verdict: 'NEW_REGRESSION', session, environment: 'https://staging.example', server: server.viewerUrl, judgedBy: 'the recorded session', runs: [1, 2].map((id) => ({ id: `${id}`, verdict: 'NEW_REGRESSION', steps })), notCompared: ['nothing to compare with at step 3'] };
  const data = (await readFile(new URL('shop.png', import.meta.url))).toString('base64');
  const response = await fetch(`${server.viewerUrl}/api/v1/runs`, { method: 'POST', body: JSON.stringify({ outcome, pictures: [{ run: 0, step: 1, data }] }) });
  if (response.status !== 201) throw new Error(`the run was answered ${response.status}: ${await response.text()}`);
  return (await response.json()).id;
}

/**
 * Adds what the sample hour lacks, so that every page has something to show.
 *
 * @param {Throughline} server
 */
async function furnish(server) {
  const trace = await findTrace(server, INCIDENT);
  const other = await findTrace(server, '{ status = ok || status = unset }');
  const { sessions } = await server.api('/api/v1/sessions');
  const [{ sessionId: session }, { sessionId: recorded, start }] = sessions;
  const from = Number(BigInt(start) / 1_000_000n);
  for (const [stream, after] of [['first', 0], ['second', 2_000]]) {
    await sendRecording(server, { session: recorded, stream, events: [...picture(from + after, 'A page'), rewording(from + after + 500, 'Another')] });
    await sendRecording(server, { session: recorded, stream, number: 2, events: [rewording(from + after + 1_500, 'A third')] });
  }
  return { trace, other, session, recorded, run: await publishRun(server, session, trace, other) };
}

/**
 * `test` with `sampled`, a server over the sample data that the tests of a worker share; and `furnished`, which adds recordings and a re-run
 * to it and says which ids to look at.
 */
export const test = base.extend({
  sampled: [
    async ({}, use) => {
      const server = await startWithSample();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  furnished: [async ({ sampled }, use) => use(await furnish(sampled)), { scope: 'worker' }],
});
