// OpenTelemetry's Node exporters, in every protocol and for every signal, are accepted and read back as they were sent.

import { context, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as LogGrpc } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as LogJson } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as LogProto } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as MetricGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as MetricJson } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as MetricProto } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as TraceGrpc } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as TraceJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TraceProto } from '@opentelemetry/exporter-trace-otlp-proto';
import { logs, metrics, resources, tracing } from '@opentelemetry/sdk-node';

import { expect, test } from '../harness/fixtures.js';
import { until } from '../harness/poll.js';
import { expectTrace } from '../harness/trace.js';

const PROTOCOLS = {
  'gRPC': (server) => ({ trace: new TraceGrpc({ url: server.grpcUrl }), log: new LogGrpc({ url: server.grpcUrl }), metric: new MetricGrpc({ url: server.grpcUrl }) }),
  'HTTP with protobuf': (server) => over(server, TraceProto, LogProto, MetricProto, {}),
  'HTTP with gzipped protobuf': (server) => over(server, TraceProto, LogProto, MetricProto, { compression: 'gzip' }),
  'HTTP with JSON': (server) => over(server, TraceJson, LogJson, MetricJson, {}),
  'HTTP with gzipped JSON': (server) => over(server, TraceJson, LogJson, MetricJson, { compression: 'gzip' }),
};

function over(server, Traces, Logs, Metrics, options) {
  const at = (signal) => ({ url: `${server.ingestUrl}/v1/${signal}`, ...options });
  return { trace: new Traces(at('traces')), log: new Logs(at('logs')), metric: new Metrics(at('metrics')) };
}

for (const [protocol, exportersFor] of Object.entries(PROTOCOLS)) {
  test(`spans, logs and metrics over ${protocol}`, async ({ throughline, service }) => {
    const exporters = exportersFor(throughline);
    const resource = resources.resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'one' });
    const before = await throughline.api('/api/v1/status');

    const spanProcessor = new tracing.SimpleSpanProcessor(exporters.trace);
    const tracerProvider = new tracing.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
    const tracer = tracerProvider.getTracer('interop', '1.2.3');
    const linked = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceFlags: TraceFlags.SAMPLED };
    const parent = tracer.startSpan('receive', { kind: SpanKind.SERVER, links: [{ context: linked, attributes: { why: 'retry' } }] });
    const child = tracer.startSpan('store', { kind: SpanKind.CLIENT, startTime: [1_700_000_000, 123_456_789] }, trace.setSpan(context.active(), parent));
    const attributes = { text: 'Grüße, 世界 🎟', empty: '', whole: 42, negative: -7, fraction: 0.5, yes: true, no: false, texts: ['a', 'b'], numbers: [1, 2, 3], flags: [true, false] };
    child.setAttributes(attributes);
    child.addEvent('retried', { attempt: 2 });
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'no room' });
    child.end([1_700_000_000, 223_456_789]);
    parent.end();

    const loggerProvider = new logs.LoggerProvider({ resource, processors: [new logs.SimpleLogRecordProcessor({ exporter: exporters.log })] });
    loggerProvider.getLogger('interop').emit({ body: `log of ${service}`, severityNumber: SeverityNumber.WARN, severityText: 'WARN', attributes: { seat: 'C7' }, context: trace.setSpan(context.active(), child) });

    const reader = new metrics.PeriodicExportingMetricReader({ exporter: exporters.metric, exportIntervalMillis: 3_600_000 });
    const meterProvider = new metrics.MeterProvider({ resource, readers: [reader] });
    const meter = meterProvider.getMeter('interop');
    meter.createCounter('orders').add(3, { kind: 'web' });
    meter.createHistogram('latency').record(12.5);

    // Each of these fails where the server refuses.
    await tracerProvider.forceFlush();
    await loggerProvider.forceFlush();
    await meterProvider.forceFlush();

    const { traceId, spanId } = child.spanContext();
    const read = await throughline.waitForTrace(traceId, (seen) => seen.spans.length === 2);
    expectTrace(read).isWhole().hasServices([service]).hasDirectChain([{ name: 'receive', kind: 'server' }, { name: 'store', kind: 'client', status: 'error' }]);
    const stored = read.byId.get(spanId);
    expect(stored.attributes).toEqual(attributes);
    expect(stored.statusMessage).toBe('no room');
    expect(stored.startNanos).toBe(1_700_000_000_123_456_789n);
    expect(stored.endNanos).toBe(1_700_000_000_223_456_789n);
    expect(stored.events).toMatchObject([{ name: 'retried', attributes: { attempt: 2 } }]);
    expect(stored.scope).toBe('interop');
    expect(stored.resource['service.instance.id']).toBe('one');
    expect(read.only('receive').links).toEqual([{ traceId: linked.traceId, spanId: linked.spanId, attributes: { why: 'retry' } }]);

    const entries = await until('the log is stored', async () => {
      const body = await throughline.api(`/api/v1/traces/${traceId}/logs`);
      const records = (body.resourceLogs ?? []).flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
      return records.length > 0 ? records : undefined;
    });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ traceId, spanId, body: { stringValue: `log of ${service}` }, severityText: 'WARN' });
    expect([13, 'SEVERITY_NUMBER_WARN']).toContain(entries[0].severityNumber);

    const after = await throughline.api('/api/v1/status');
    expect(after.accepted.spans - before.accepted.spans).toBe(2);
    expect(after.accepted.logs - before.accepted.logs).toBe(1);
    expect(after.accepted.metricPoints - before.accepted.metricPoints).toBe(2);
    expect(after.refused).toEqual(before.refused);

    await Promise.all([tracerProvider.shutdown(), loggerProvider.shutdown(), meterProvider.shutdown()]);
  });
}
