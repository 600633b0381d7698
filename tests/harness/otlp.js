// Traces made up by a test, as OTLP/JSON.

import { randomBytes } from 'node:crypto';

/**
 * @typedef {object} Made
 * @property {string} name
 * @property {string} service
 * @property {Made[]} [children]
 * @property {number} [atMillis] from the start of the trace; its parent's start by default
 * @property {number} [tookMillis] 10 by default
 * @property {number} [kind] OTLP's number; 1 (internal) by default
 * @property {Record<string, any>} [attributes]
 * @property {Record<string, any>} [resource] beyond `service.name`
 * @property {string} [error] its status message, where it failed
 * @property {{name: string, atMillis?: number, attributes?: Record<string, any>}[]} [events]
 * @property {object[]} [links] as OTLP/JSON has them
 * @property {string} [scope]
 * @property {string} [traceState]
 */

/**
 * A trace that begins at a moment.
 *
 * @param {Made} root
 * @param {{startMillis?: number}} [options] since 1970; now by default
 * @returns {{traceId: string, spanIds: Record<string, string>, body: object}} the span ids by name
 */
export function makeTrace(root, { startMillis = Date.now() } = {}) {
  const traceId = randomBytes(16).toString('hex');
  const spanIds = {};
  const resourceSpans = [];
  const nanos = (millis) => String(BigInt(Math.round((startMillis + millis) * 1_000)) * 1_000n);
  const add = (made, parentSpanId, parentAtMillis) => {
    const { name, service, children = [], atMillis = parentAtMillis, tookMillis = 10, kind = 1, attributes = {}, resource = {}, error, events = [], links = [], scope = 'test', traceState = '' } = made;
    const spanId = randomBytes(8).toString('hex');
    spanIds[name] = spanId;
    resourceSpans.push({
      resource: { attributes: attributesOf({ 'service.name': service, ...resource }) },
      scopeSpans: [
        {
          scope: { name: scope, version: '1' },
          spans: [
            {
              traceId,
              spanId,
              parentSpanId,
              traceState,
              name,
              kind,
              startTimeUnixNano: nanos(atMillis),
              endTimeUnixNano: nanos(atMillis + tookMillis),
              attributes: attributesOf(attributes),
              events: events.map((event) => ({ name: event.name, timeUnixNano: nanos(event.atMillis ?? atMillis), attributes: attributesOf(event.attributes) })),
              links,
              status: error === undefined ? {} : { code: 2, message: error },
            },
          ],
        },
      ],
    });
    for (const child of children) add(child, spanId, atMillis);
  };
  add(root, undefined, 0);
  return { traceId, spanIds, body: { resourceSpans } };
}

function attributesOf(attributes = {}) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value) {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (typeof value === 'object') return { kvlistValue: { values: attributesOf(value) } };
  return { stringValue: value };
}
