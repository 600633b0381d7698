// OpenTelemetry's web SDK with every browser instrumentation that it has, as its documentation sets it up: traces of
// document load, user interaction, fetch and XMLHttpRequest, and the web vitals of Google's package.
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { DocumentLoadInstrumentation } from '@opentelemetry/instrumentation-document-load';
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch';
import { UserInteractionInstrumentation } from '@opentelemetry/instrumentation-user-interaction';
import { XMLHttpRequestInstrumentation } from '@opentelemetry/instrumentation-xml-http-request';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, WebTracerProvider } from '@opentelemetry/sdk-trace-web';
import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import { endpoint, service } from './endpoint.js';

export function start(options = {}) {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new WebTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    // Large enough that the queue drops nothing of what is counted.
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 100_000, scheduledDelayMillis: 500 })],
  });
  provider.register(options);
  const ignoreUrls = [new RegExp(`^${endpoint.replace(/[.]/g, '\\.')}`)];
  registerInstrumentations({
    instrumentations: [
      new DocumentLoadInstrumentation(),
      new UserInteractionInstrumentation({ eventNames: ['click', 'input'] }),
      new FetchInstrumentation({ ignoreUrls }),
      new XMLHttpRequestInstrumentation({ ignoreUrls }),
    ],
  });
  const tracer = trace.getTracer('bench');
  const vital = ({ name, value, rating }) => tracer.startSpan(name, { attributes: { value, rating } }).end();
  for (const observe of [onCLS, onFCP, onINP, onLCP, onTTFB]) observe(vital);
  const failed = (error) => {
    const span = tracer.startSpan('exception');
    span.recordException(error ?? 'unknown');
    span.end();
  };
  addEventListener('error', (event) => failed(event.error));
  addEventListener('unhandledrejection', (event) => failed(event.reason));

  window.bench = {
    flush: () => provider.forceFlush(),
    span: (name) => tracer.startSpan(name).end(),
  };
}
