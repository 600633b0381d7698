// A foreign service joins a trace that began in the browser.

import { join } from 'node:path';

import { expect, press, test } from '../harness/fixtures.js';
import { ListeningProcess } from '../harness/listening-process.js';
import { propagatedBy } from '../harness/page-server.js';
import { expectTrace } from '../harness/trace.js';

test('a Node service with the OpenTelemetry SDK joins the trace of a click', async ({ page, app, throughline, service, complaints }) => {
  const backend = `${service}-orders`;
  const orders = await ListeningProcess.start(
    process.execPath,
    ['--import', join(import.meta.dirname, 'tracing.js'), join(import.meta.dirname, 'node-service.js')],
    {
      listeners: ['service'],
      env: {
        TAG: throughline.tag(service),
        UPSTREAM_URL: app.origin,
        OTEL_SERVICE_NAME: backend,
        OTEL_EXPORTER_OTLP_ENDPOINT: throughline.ingestUrl,
        OTEL_BSP_SCHEDULE_DELAY: '200',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      },
    },
  );
  try {
    await page.goto(`${orders.urls.service}/`);
    await press(page, page.locator('#order'));
    await expect(page.locator('#answer')).toHaveText('ordered');
    const { traceId } = propagatedBy(await app.waitForRequest('/api/stock'));
    const trace = await throughline.waitForTrace(traceId, (read) => read.services.length === 2 && Boolean(read.find({ service: backend, kind: 'client' })));
    expectTrace(trace)
      .isWhole()
      .hasServices([service, backend])
      .hasDirectChain([
        { name: 'click "Order"', service },
        { name: 'POST /orders', service, kind: 'client' },
        { service: backend, kind: 'server' },
        { service: backend, kind: 'client' },
      ]);
    expect(trace.only({ service: backend, kind: 'server' }).resource['telemetry.sdk.language']).toBe('nodejs');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  } finally {
    await orders.stop();
  }
});
