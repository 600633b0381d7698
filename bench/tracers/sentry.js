// Sentry's browser SDK with tracing.
import * as Sentry from '@sentry/browser';
import { endpoint, service } from './endpoint.js';

Sentry.init({
  dsn: endpoint.replace('://', '://0123456789abcdef0123456789abcdef@') + '/1',
  tunnel: `${endpoint}/sentry?service=${service}`,
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1,
  propagateTraceparent: true,
});

window.bench = {
  flush: () => Sentry.flush(5_000),
  span: (name) => Sentry.startSpan({ name }, () => {}),
};
