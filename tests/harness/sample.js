// A server with the sample shop's hour in it, ending at a fixed instant.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { throughlineBinary } from './binaries.js';
import { test as base } from './fixtures.js';
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

/** `test` with `sampled`, a server over the sample data that the tests of a worker share. */
export const test = base.extend({
  sampled: [
    async ({}, use) => {
      const server = await startWithSample();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});
