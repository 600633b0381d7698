// What the page configured: attributes of the script tag, then `throughline.init({...})`.
//
// | tag              | init        | meaning                                                           |
// | ---------------- | ----------- | ----------------------------------------------------------------- |
// | data-service     | service     | `service.name` of the page; the host name when absent             |
// | data-endpoint    | endpoint    | where `/v1/traces` is; relative allowed; default: the script's origin |
// | data-propagate   | propagate   | further origins that get trace headers, separated by commas; `*.` before a name stands for all below it |
// | data-propagators | propagators | the formats of these headers: `tracecontext,baggage` or any of b3, b3multi, jaeger, ottrace, xcloud, xray |
// | data-baggage     | baggage     | what every request tells its server, `key=value` separated by commas |
import { originPattern } from './propagation.js';

// The tag that the page has, where bootstrap.js runs the program from another one.
const script = document.currentScript?.throughline ?? document.currentScript;
const data = script?.dataset ?? {};

/** The options in force. */
export const options = {
  service: data.service || location.hostname || 'web',
  endpoint: '',
  /** Origins that get trace headers beside the page's own, as patterns. */
  propagate: [],
  /** The formats of the headers, by OpenTelemetry's names. */
  propagators: ['tracecontext', 'baggage'],
  /** The members of the baggage. */
  baggage: {},
};

/** The parts of a list that may be given as a text with commas. */
const list = (value) =>
  (Array.isArray(value) ? value : String(value).split(',')).map((part) => String(part).trim()).filter(Boolean);

/** Takes options over; what is absent stays, what is not understood is said once and left out. */
export function configure({ service, endpoint, propagate, propagators, baggage } = {}) {
  if (service) options.service = String(service);
  if (endpoint != null) options.endpoint = String(new URL(endpoint, document.baseURI)).replace(/\/+$/, '');
  if (propagate != null) options.propagate = list(propagate).map(originPattern);
  if (propagators != null) options.propagators = list(propagators);
  if (baggage != null) {
    options.baggage =
      typeof baggage === 'object' ? { ...baggage } : Object.fromEntries(list(baggage).map((member) => member.split(/=(.*)/s)));
  }
}

/** Whether a request to this URL carries trace headers. A sandboxed frame has no origin, not even that of its address. */
export function propagatesTo({ origin }) {
  return origin === self.origin || options.propagate.some((pattern) => pattern.test(origin));
}

configure({ endpoint: data.endpoint ?? (script?.src ? new URL(script.src).origin : location.origin) });
try {
  configure({ propagators: data.propagators, baggage: data.baggage, propagate: data.propagate });
} catch (error) {
  console.warn(`[throughline] data-propagate is left out: ${error.message}`);
}
