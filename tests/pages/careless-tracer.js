// A tracer as wrong as can be, by which the tests show that they would notice: every request belongs to the latest
// click. It stands in for a tag, sends OTLP/JSON, and names its spans as Throughline does.
{
  const { service, endpoint } = document.currentScript.dataset;
  const id = (bytes) => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const attribute = (key, stringValue) => ({ key, value: { stringValue } });
  const now = () => `${Math.round(performance.timeOrigin + performance.now())}000000`;
  const native = window.fetch;
  let unsent = [];
  let action;
  addEventListener(
    'click',
    (event) => {
      action = { traceId: id(16), spanId: id(8), name: `click "${event.target.textContent || event.target.getAttribute('aria-label')}"`, startTimeUnixNano: now(), endTimeUnixNano: now(), attributes: [attribute('throughline.action', 'click')] };
      unsent.push(action);
    },
    true,
  );
  window.fetch = (url, init = {}) => {
    const span = { traceId: action?.traceId ?? id(16), spanId: id(8), parentSpanId: action?.spanId, name: 'GET', startTimeUnixNano: now(), endTimeUnixNano: now() };
    unsent.push(span);
    return native(url, { ...init, headers: { ...init.headers, traceparent: `00-${span.traceId}-${span.spanId}-01` } });
  };
  window.throughline = {
    async flush() {
      const spans = unsent;
      unsent = [];
      const body = { resourceSpans: [{ resource: { attributes: [attribute('service.name', service)] }, scopeSpans: [{ spans }] }] };
      await native(`${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    },
  };
}
