// What the page configured: attributes of the script tag, then `throughline.init({...})`.
//
// | tag              | init        | meaning                                                           |
// | ---------------- | ----------- | ----------------------------------------------------------------- |
// | data-service     | service     | `service.name` of the page; the host name when absent             |
// | data-endpoint    | endpoint    | where `/v1/traces` is; relative allowed; default: the script's origin |
// | data-propagate   | propagate   | further origins that get trace headers, separated by commas       |
// The tag that the page has, where bootstrap.js runs the program from another one.
const script = document.currentScript?.throughline ?? document.currentScript;
const data = script?.dataset ?? {};

/** The options in force. */
export const options = {
  service: data.service || location.hostname || 'web',
  endpoint: '',
  /** Origins that get trace headers beside the page's own. */
  propagate: [],
};

/** Takes options over; what is absent stays, what is not understood is said once and left out. */
export function configure({ service, endpoint, propagate } = {}) {
  if (service) options.service = String(service);
  if (endpoint != null) options.endpoint = String(new URL(endpoint, document.baseURI)).replace(/\/+$/, '');
  if (propagate != null) {
    options.propagate = (Array.isArray(propagate) ? propagate : String(propagate).split(','))
      .map((origin) => String(origin).trim())
      .filter(Boolean)
      .map((origin) => new URL(origin, document.baseURI).origin);
  }
}

/** Whether a request to this URL carries trace headers. */
export function propagatesTo({ origin }) {
  return origin === location.origin || options.propagate.includes(origin);
}

configure({ endpoint: data.endpoint ?? (script?.src ? new URL(script.src).origin : location.origin) });
try {
  configure({ propagate: data.propagate });
} catch (error) {
  console.warn(`[throughline] data-propagate is left out: ${error.message}`);
}
