// Grafana Faro with its tracing package.
import { faro, getWebInstrumentations, initializeFaro } from '@grafana/faro-web-sdk';
import { TracingInstrumentation } from '@grafana/faro-web-tracing';
import { endpoint, service } from './endpoint.js';

initializeFaro({
  url: `${endpoint}/faro`,
  app: { name: service },
  instrumentations: [...getWebInstrumentations({ captureConsole: false }), new TracingInstrumentation()],
});

window.bench = {
  flush: () => new Promise((resolve) => setTimeout(resolve, 2_000)),
  span: (name) => faro.api.getOTEL().trace.getTracer('bench').startSpan(name).end(),
};
