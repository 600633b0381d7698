/** Expects of each step's trace what was seen in the recorded one. */
function followTraces(page) {
  const known = new Set();
  let ids = [];
  page.on('request', (request) => {
    const id = /^[\da-f]{2}-([\da-f]{32})-/.exec(request.headers().traceparent ?? '')?.[1];
    if (id && !known.has(id)) {
      known.add(id);
      ids.push(id);
    }
  });
  const token = process.env.THROUGHLINE_TOKEN;
  const read = async (id) => {
    const response = await fetch(`${THROUGHLINE}/api/v1/traces/${id}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    if ([401, 403].includes(response.status)) throw new Error(`${THROUGHLINE} asks for a token with the role view: set the variable THROUGHLINE_TOKEN`);
    return response.ok ? spansOf(await response.json()) : [];
  };
  return {
    async expect(name, seen) {
      if (!THROUGHLINE) return;
      await expect(async () => {
        await page.evaluate(() => window.throughline?.flush?.());
        const traces = await Promise.all(ids.map(read));
        const spans = traces.find((trace) => trace.some((span) => span.root && span.name === name)) ?? [];
        expect(summaryOf(spans), `the trace of ${name}`).toEqual(seen);
      }).toPass({ timeout: 15_000 });
      ids = [];
    },
  };
}

function spansOf({ resourceSpans = [] }) {
  const text = (attributes = [], key) => attributes.find((attribute) => attribute.key === key)?.value?.stringValue ?? '';
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => {
        const method = text(span.attributes, 'http.request.method');
        const service = text(resource.attributes, 'service.name');
        const inBrowser = text(resource.attributes, 'telemetry.sdk.language') === 'webjs';
        return {
          name: span.name,
          service,
          label: `${service}: ${span.name.replace(/\d+/g, '#')}`,
          root: !span.parentSpanId,
          failed: [2, 'STATUS_CODE_ERROR'].includes(span.status?.code),
          call: [3, 4, 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER'].includes(span.kind) && (!inBrowser || Boolean(method && span.name.startsWith(method))),
        };
      }),
    ),
  );
}

function summaryOf(spans) {
  const distinct = (values) => [...new Set(values)].sort();
  const calls = {};
  for (const { call, label } of spans) if (call) calls[label] = (calls[label] ?? 0) + 1;
  return { services: distinct(spans.map(({ service }) => service)), failed: distinct(spans.filter(({ failed }) => failed).map(({ label }) => label)), calls };
}
