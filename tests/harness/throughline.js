// A Throughline server of its own, and what a test reads back from it.

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { throughlineBinary } from './binaries.js';
import { ListeningProcess } from './listening-process.js';
import { until } from './poll.js';
import { Trace, logsOf } from './trace.js';

export class Throughline {
  /** @param {string} dataDirectory */
  constructor(dataDirectory) {
    this.dataDirectory = dataDirectory;
    /** Of every request to the API. @type {Record<string, string>} */
    this.headers = {};
  }

  /** Starts a server on free ports over an empty data directory. */
  static async start() {
    const server = new Throughline(await mkdtemp(join(tmpdir(), 'throughline-test-')));
    await server.launch('127.0.0.1:0', '127.0.0.1:0', 'localhost:0', '127.0.0.1:0');
    return server;
  }

  async launch(ingest, grpc, viewer, player, { args = [], env = {} } = {}) {
    this.process = await ListeningProcess.start(
      throughlineBinary(),
      ['serve', '--data', this.dataDirectory, '--listen-ingest', ingest, '--listen-grpc', grpc, '--listen-viewer', viewer, '--listen-player', player, ...args],
      { env, listeners: ['ingest', 'grpc', 'viewer', 'player'] },
    );
  }

  /** The public face: OTLP over HTTP and the tracer's script. */
  get ingestUrl() {
    return this.process.urls.ingest;
  }

  /** The OTLP/gRPC receiver. */
  get grpcUrl() {
    return this.process.urls.grpc;
  }

  /** The private face: viewer and API. */
  get viewerUrl() {
    return this.process.urls.viewer;
  }

  /** The page that plays recordings. */
  get playerUrl() {
    return this.process.urls.player;
  }

  get tracerUrl() {
    return `${this.ingestUrl}/throughline.js`;
  }

  /**
   * The script tag as a user writes it.
   *
   * @param {string} service
   * @param {Record<string, string | true>} [attributes] further attributes, such as `data-endpoint` or `async`
   */
  tag(service, attributes = {}) {
    const all = { src: this.tracerUrl, 'data-service': service, ...attributes };
    const text = Object.entries(all).map(([name, value]) => (value === true ? name : `${name}="${value}"`));
    return `<script ${text.join(' ')}></script>`;
  }

  /** Stops the server; its data and its ports stay its own for {@link restart}. */
  async stop() {
    return this.process.stop();
  }

  /** Starts the stopped server again where it was. */
  async restart() {
    const host = (url) => new URL(url).host;
    const { ingest, grpc, viewer, player } = this.process.urls;
    await this.launch(host(ingest), host(grpc), host(viewer), host(player));
  }

  /** Stops the server and removes its data. */
  async dispose() {
    await this.process?.stop();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  /**
   * @param {string} path below the private face, with its query
   * @returns {Promise<any>} the JSON body of a 200 answer
   */
  async api(path) {
    const response = await fetch(`${this.viewerUrl}${path}`, { headers: this.headers });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** @param {string} traceId @returns {Promise<Trace | null>} null where the server does not have it */
  async readTrace(traceId) {
    const response = await fetch(`${this.viewerUrl}/api/v1/traces/${traceId}`, { headers: this.headers });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`GET trace ${traceId} answered ${response.status}: ${await response.text()}`);
    return Trace.fromOtlp(await response.json());
  }

  /**
   * Waits until the server has a whole trace that satisfies `complete`. Its spans come from several senders and in
   * several exports: an action's own span is sent when the action has ended.
   *
   * @param {string} traceId
   * @param {(trace: Trace) => boolean} [complete]
   */
  async waitForTrace(traceId, complete = () => true) {
    let seen = null;
    return until(
      `trace ${traceId} is complete`,
      async () => {
        seen = await this.readTrace(traceId);
        return seen?.whole && complete(seen) ? seen : undefined;
      },
      { otherwise: () => (seen ? `\n${seen}` : 'no such trace') },
    );
  }

  /** The log records of a trace, by time. @param {string} traceId @returns {Promise<import('./trace.js').Log[]>} */
  async readLogs(traceId) {
    return logsOf(await this.api(`/api/v1/traces/${traceId}/logs`));
  }

  /**
   * Waits until a trace has a log record that `wanted` accepts.
   *
   * @param {string} traceId
   * @param {(log: import('./trace.js').Log) => boolean} wanted
   * @param {string} fact
   */
  async waitForLog(traceId, wanted, fact) {
    let seen = [];
    return until(
      `trace ${traceId} has a log record ${fact}`,
      async () => {
        seen = await this.readLogs(traceId);
        return seen.find(wanted);
      },
      { otherwise: () => seen.map((log) => `\n${JSON.stringify(log, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`).join('') || 'no record' },
    );
  }

  /**
   * @param {string} query TraceQL
   * @param {{limit?: number, start?: string | number, end?: string | number}} [options]
   * @returns {Promise<any[]>} the summaries, newest first
   */
  async search(query, options = {}) {
    const parameters = new URLSearchParams({ q: query });
    for (const [name, value] of Object.entries({ limit: 200, ...options })) parameters.set(name, String(value));
    return (await this.api(`/api/v1/search?${parameters}`)).traces;
  }

  /** Every trace of a service, read whole. @param {string} service */
  async tracesOf(service) {
    const summaries = await this.search(`{ resource.service.name = "${service}" }`);
    return Promise.all(summaries.map(async ({ traceId }) => /** @type {Trace} */ (await this.readTrace(traceId))));
  }

  /**
   * Waits until a service has a whole trace that `wanted` accepts.
   *
   * @param {string} service
   * @param {(trace: Trace) => boolean} wanted
   * @param {string} fact
   */
  async waitForTraceOf(service, wanted, fact) {
    let seen = [];
    return until(
      `${service} has a trace ${fact}`,
      async () => {
        seen = await this.tracesOf(service);
        return seen.find((trace) => trace.whole && wanted(trace));
      },
      { otherwise: () => seen.map((trace) => `\n${trace}`).join('') || 'no trace' },
    );
  }

  /**
   * Sends an `ExportTraceServiceRequest` in JSON.
   *
   * @param {object} body
   */
  async sendTraces(body) {
    return this.#send('/v1/traces', body);
  }

  /**
   * Sends an `ExportLogsServiceRequest` in JSON.
   *
   * @param {object} body
   */
  async sendLogs(body) {
    return this.#send('/v1/logs', body);
  }

  async #send(path, body) {
    const response = await fetch(`${this.ingestUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`export answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** Every byte that the server keeps on disk. @returns {Promise<{path: string, bytes: Buffer}[]>} */
  async storedFiles() {
    const entries = await readdir(this.dataDirectory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return Promise.all(files.map(async (path) => ({ path, bytes: await readFile(path) })));
  }
}
