// What the documentation of OpenTelemetry's Node SDK tells a service to do; the endpoint and the service's name come
// from the standard OTEL_* variables.

import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { register } from 'node:module';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [new HttpInstrumentation()] });
sdk.start();

process.on('SIGTERM', () => sdk.shutdown().finally(() => process.exit(0)));
