// Takes what the peers send in formats of their own, and hands it on to Throughline's server as OTLP, so that every
// tracer's traces are read from one store by one judge.
//
// | path                | from                                                             |
// | ------------------- | ---------------------------------------------------------------- |
// | `/elastic`          | Elastic's intake v2: one JSON object a line                      |
// | `/faro`             | Faro's payload, whose `traces` are OTLP/JSON                     |
// | `/sentry`           | Sentry's envelopes: a header line, then a header and a body an item |
// | `/v1/…`             | OTLP, passed on as it is                                         |
// | `/tracer/NAME.js`   | nobody: the tracers' scripts, served to the pages                |

import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': '*',
  'access-control-max-age': '600',
  'timing-allow-origin': '*',
};

export class Collector {
  /** How many requests came, by path. @type {Record<string, number>} */
  requests = {};
  /** What is served below `/tracer/`. @type {Record<string, string>} */
  scripts = {};

  /** @param {string} target the base address of an OTLP/HTTP server */
  static async start(target) {
    const collector = new Collector(target);
    await new Promise((resolve) => collector.http.listen(0, '127.0.0.1', resolve));
    collector.url = `http://127.0.0.1:${collector.http.address().port}`;
    return collector;
  }

  constructor(target) {
    this.target = target;
    this.http = createServer((request, response) => {
      const script = this.scripts[request.url.replace('/tracer/', '')];
      if (request.method === 'GET' && script !== undefined) {
        response.writeHead(200, { ...CORS, 'content-type': 'text/javascript; charset=utf-8', 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-store' }).end(script);
        return;
      }
      this.#take(request).then(
        (status) => response.writeHead(status, { ...CORS, 'content-type': 'application/json' }).end('{}'),
        (error) => {
          process.stderr.write(`collector: ${request.url}: ${error.stack}\n`);
          response.writeHead(500, CORS).end();
        },
      );
    });
  }

  async dispose() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  async #take(request) {
    const { pathname, searchParams } = new URL(request.url, this.url);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method !== 'POST') return 200;
    this.requests[pathname] = (this.requests[pathname] ?? 0) + 1;
    const body = Buffer.concat(chunks);
    if (pathname.startsWith('/v1/')) {
      const headers = Object.fromEntries(['content-type', 'content-encoding'].filter((name) => request.headers[name]).map((name) => [name, request.headers[name]]));
      return (await fetch(this.target + pathname, { method: 'POST', headers, body })).status;
    }
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
    if (pathname === '/elastic') await this.#store(fromElastic(text));
    else if (pathname === '/faro') await this.#send(JSON.parse(text).traces);
    else if (pathname === '/sentry') await this.#store(fromSentry(text, searchParams.get('service')));
    else return 404;
    return 202;
  }

  async #store(spans) {
    if (spans.length > 0) await this.#send({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'peer' }, spans }] }] });
  }

  async #send(traces) {
    if (!traces?.resourceSpans?.length) return;
    const response = await fetch(`${this.target}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(traces) });
    if (!response.ok) throw new Error(`the server answered ${response.status}: ${await response.text()}`);
  }
}

function span({ traceId, spanId, parentSpanId, name, startMillis, tookMillis, attributes }) {
  const nanos = (millis) => String(BigInt(Math.round(millis * 1_000)) * 1_000n);
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: 1,
    startTimeUnixNano: nanos(startMillis),
    endTimeUnixNano: nanos(startMillis + tookMillis),
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: String(value) } })),
  };
}

function fromElastic(text) {
  const spans = [];
  // A transaction is followed by its spans, which are placed in time by their distance from it.
  for (const line of text.split('\n').filter(Boolean)) {
    const { transaction, span: inner } = JSON.parse(line);
    const of = transaction ?? inner;
    if (!of) continue;
    spans.push(
      span({
        traceId: of.trace_id,
        spanId: of.id,
        parentSpanId: of.parent_id,
        name: of.name,
        startMillis: of.timestamp ? of.timestamp / 1_000 : Date.now(),
        tookMillis: of.duration ?? 0,
        attributes: { [transaction ? 'transaction.type' : 'span.type']: of.type },
      }),
    );
  }
  return spans;
}

function fromSentry(text, service) {
  const spans = [];
  const add = (of) => {
    const start = of.start_timestamp;
    spans.push(
      span({
        traceId: of.trace_id,
        spanId: of.span_id,
        parentSpanId: of.parent_span_id,
        name: of.description ?? of.name ?? of.op ?? 'span',
        startMillis: start * 1_000,
        tookMillis: ((of.timestamp ?? of.end_timestamp ?? start) - start) * 1_000,
        attributes: { 'sentry.op': of.op ?? of.attributes?.['sentry.op']?.value ?? '', service },
      }),
    );
  };
  const lines = text.split('\n');
  for (let at = 1; at + 1 < lines.length; at += 2) {
    const { type } = JSON.parse(lines[at]);
    if (type !== 'transaction' && type !== 'span') continue;
    const body = JSON.parse(lines[at + 1]);
    if (type === 'transaction') {
      add({ ...body.contexts.trace, name: body.transaction, start_timestamp: body.start_timestamp, timestamp: body.timestamp });
      for (const inner of body.spans ?? []) add(inner);
    } else {
      for (const inner of body.items ?? [body]) add(inner);
    }
  }
  return spans;
}
