// The web application under test: serves pages, and is the backend that sees what their requests really carry.
//
// | path                | what it does                                                                   |
// | ------------------- | ------------------------------------------------------------------------------ |
// | `/p/ID/NAME`        | a published page: a file of `pages/` with the tag and the headers it was given  |
// | `/pages/NAME`       | a file of `pages/` as it is                                                    |
// | `/frameworks/NAME`  | a file of `frameworks/dist/`                                                   |
// | `/api/…`            | the backend; what its query asks of it is told at `#backend`             |
// | `/collector/…`      | forwards to `collectorUrl`, recording the requests with their decoded bodies   |
// | `/socket`, `/events`| WebSocket and EventSource that speak every `every` milliseconds                |

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { WebSocketServer } from 'ws';

import { until } from './poll.js';

const PAGES = join(import.meta.dirname, '../pages');
const FRAMEWORKS = join(import.meta.dirname, '../frameworks/dist');

const CONTENT_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/**
 * @typedef {object} Recorded
 * @property {string} method
 * @property {string} path without the query
 * @property {URLSearchParams} query
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Buffer} body with its content encoding undone
 * @property {number} receivedMillis since 1970
 * @property {number} [status] what the collector answered
 */

export class PageServer {
  /** Every request to the backend and to the collector, in the order of arrival. @type {Recorded[]} */
  requests = [];
  /** Where `/collector/…` forwards to; while it is undefined those requests are answered with {@link collectorStatus}. */
  collectorUrl = undefined;
  collectorStatus = 503;
  /**
   * Answers a request to the collector in place of all that; undefined leaves it.
   *
   * @type {((request: Recorded, bytes: number) => {status: number, headers?: Record<string, string>, body?: Uint8Array} | undefined) | undefined}
   */
  collectorAnswer = undefined;
  #published = new Map();
  #timers = new Set();

  static async start() {
    const server = new PageServer();
    await new Promise((resolve) => server.http.listen(0, '127.0.0.1', resolve));
    server.origin = `http://127.0.0.1:${server.http.address().port}`;
    return server;
  }

  constructor() {
    this.http = createServer((request, response) => {
      this.#serve(request, response).catch((error) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(String(error.stack));
      });
    });
    this.http.keepAliveTimeout = 30_000;
    this.sockets = new WebSocketServer({ noServer: true });
    this.http.on('upgrade', (request, socket, head) => {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const every = Number(new URL(request.url, 'http://page').searchParams.get('every') ?? 0);
        if (every) this.#repeat(every, () => webSocket.send('beat'), (stop) => webSocket.once('close', stop));
        webSocket.on('message', (data) => webSocket.send(String(data)));
      });
    });
  }

  async dispose() {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.sockets.clients) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  /**
   * Makes a page of `pages/` available under an address of its own.
   *
   * @param {string} name such as `delivery.html`
   * @param {{tag?: string, headers?: Record<string, string>, nonce?: string, transform?: (html: string) => Promise<string>, directory?: string}} [options]
   *   what replaces `<!-- tag -->`, response headers, the nonce that the page's own inline scripts carry, what is
   *   done to the page's text before the tag is put in, and where the file is (`pages/` by default)
   * @returns {string} its URL
   */
  publish(name, { tag = '', headers = {}, nonce, transform = async (html) => html, directory = PAGES } = {}) {
    const id = String(this.#published.size + 1);
    this.#published.set(id, { tag, headers, nonce, transform, directory });
    return `${this.origin}/p/${id}/${name}`;
  }

  /** The recorded requests to a path. @param {string} path @param {(request: Recorded) => boolean} [accept] */
  received(path, accept = () => true) {
    return this.requests.filter((request) => request.path === path && accept(request));
  }

  /** Waits for a request to a path. @param {string} path @param {(request: Recorded) => boolean} [accept] */
  async waitForRequest(path, accept = () => true) {
    return until(`${path} is requested`, () => this.received(path, accept)[0], {
      otherwise: () => this.requests.map((request) => `${request.method} ${request.path}`).join(', ') || 'no request',
    });
  }

  async #serve(request, response) {
    const url = new URL(request.url, 'http://page');
    const published = /^\/p\/(\d+)\/(.+)$/.exec(url.pathname);
    if (published && this.#published.has(published[1])) {
      const { tag, headers, nonce, transform, directory } = this.#published.get(published[1]);
      const own = (text) => (nonce ? text.replaceAll('<script>', `<script nonce="${nonce}">`) : text);
      return this.#file(response, published[2], { folder: directory, headers, transform: async (text) => own(await transform(text)).replaceAll('<!-- tag -->', () => tag) });
    }
    if (url.pathname.startsWith('/pages/')) return this.#file(response, url.pathname.slice('/pages/'.length));
    if (url.pathname.startsWith('/frameworks/')) return this.#file(response, url.pathname.slice('/frameworks/'.length), { folder: FRAMEWORKS });
    if (url.pathname === '/events') return this.#events(url, request, response);
    if (url.pathname.startsWith('/api/')) return this.#backend(url, request, response);
    if (url.pathname.startsWith('/collector/')) return this.#collector(url, request, response);
    response.writeHead(url.pathname === '/favicon.ico' ? 204 : 404);
    response.end();
  }

  async #file(response, name, { folder = PAGES, headers = {}, transform } = {}) {
    const path = normalize(join(folder, name));
    const bytes = path.startsWith(folder) ? await readFile(path).catch(() => undefined) : undefined;
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = transform ? await transform(bytes.toString('utf8')) : bytes;
    response.writeHead(200, { 'content-type': CONTENT_TYPES[extname(path)] ?? 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers });
    response.end(body);
  }

  #events(url, request, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    this.#repeat(Number(url.searchParams.get('every') ?? 100), () => response.write('data: beat\n\n'), (stop) => request.once('close', stop));
  }

  #repeat(everyMillis, action, onStop) {
    const timer = setInterval(action, everyMillis);
    this.#timers.add(timer);
    onStop(() => {
      clearInterval(timer);
      this.#timers.delete(timer);
    });
  }

  async #record(url, request) {
    // Pushed at arrival and completed with the body, so that the order is the order of arrival.
    const recorded = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: Buffer.alloc(0), receivedMillis: Date.now() };
    this.requests.push(recorded);
    const raw = await bodyOf(request);
    const encoding = request.headers['content-encoding'];
    recorded.body = encoding === 'gzip' ? gunzipSync(raw) : encoding === 'br' ? brotliDecompressSync(raw) : raw;
    return { recorded, raw };
  }

  /**
   * The backend answers as the query asks: `delay` milliseconds later, with `status`, `body`, `type`, `timing` metrics of a
   * `Server-Timing` header, `pieces` of the body 200 ms apart; `cors=1` allows any origin and header; `fail=reset` breaks the connection; `echo=1` answers with what was received. By default
   * 200 and `{"ok":true}`.
   */
  async #backend(url, request, response) {
    const { recorded } = await this.#record(url, request);
    const { query } = recorded;
    const headers = { 'content-type': query.get('type') ?? 'application/json', 'cache-control': 'no-store' };
    if (query.get('timing')) {
      headers['server-timing'] = Array.from({ length: Number(query.get('timing')) }, (_, at) => `m${at};dur=${at + 0.5};desc="metric ${at}"`).join(', ');
    }
    if (query.get('cors')) {
      Object.assign(headers, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-allow-methods': '*' });
    }
    if (query.get('location')) headers.location = query.get('location');
    const answer = () => {
      if (query.get('fail') === 'reset') request.socket.destroy();
      else if (request.method === 'OPTIONS') response.writeHead(204, headers).end();
      else if (query.get('pieces')) this.#dribble(response.writeHead(200, headers), Number(query.get('pieces')));
      else response.writeHead(Number(query.get('status') ?? 200), headers).end(query.get('echo') ? echo(recorded) : (query.get('body') ?? '{"ok":true}'));
    };
    const delay = Number(query.get('delay') ?? 0);
    if (delay) setTimeout(answer, delay);
    else answer();
  }

  #dribble(response, pieces) {
    response.write('piece ');
    if (pieces === 1) response.end();
    else setTimeout(() => this.#dribble(response, pieces - 1), 200);
  }

  async #collector(url, request, response) {
    const { recorded, raw } = await this.#record(url, request);
    const answer = this.collectorAnswer?.(recorded, raw.length);
    recorded.status = answer?.status ?? (this.collectorUrl ? 200 : this.collectorStatus);
    if (answer) {
      response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    if (!this.collectorUrl) {
      response.writeHead(this.collectorStatus, { 'retry-after': '1' }).end();
      return;
    }
    const forwarded = await fetch(this.collectorUrl + url.pathname.slice('/collector'.length), {
      method: request.method,
      headers: Object.fromEntries(['content-type', 'content-encoding'].filter((name) => request.headers[name]).map((name) => [name, request.headers[name]])),
      body: raw.length > 0 ? raw : undefined,
    });
    response.writeHead(forwarded.status, { 'content-type': forwarded.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await forwarded.arrayBuffer()));
  }
}

function echo({ method, headers, body }) {
  return JSON.stringify({ method, headers, body: body.toString('utf8') });
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The trace id and parent id that a request carried. @param {Recorded} request */
export function propagatedBy(request) {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(request.headers.traceparent ?? '') ?? [];
  return traceId ? { traceId, spanId } : null;
}
