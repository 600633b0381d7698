// The headers that carry a trace on, in every format that OpenTelemetry names, and the origins that get them.
//
// Nothing here touches the page: what is said depends on the arguments alone. Ids stay what they are, only their
// spelling changes, with two exceptions that `idShape` tells of: formats that could not carry any id.

/** What is spoken where nothing else was asked for. */
export const STANDARD = ['tracecontext', 'baggage'];

/** W3C Baggage, limits. */
const MOST_MEMBERS = 64;
const MOST_BYTES = 8_192;
/** A token of RFC 9110, which is what the key of a member must be. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The value of a member, percent-encoded; what is no Unicode text is replaced as in UTF-8. */
const encode = (value) => encodeURIComponent(String(value).replace(/\p{Cs}/gu, '\ufffd'));

/**
 * The members that fit, in their order: `[key, encoded value, value]`. A key that is no token has no place in the
 * format, a member that is too long for what is left of the header costs only itself.
 */
function members(entries) {
  // The first member has no comma before it.
  let room = MOST_BYTES + 1;
  const list = [];
  for (const [key, value] of Object.entries(entries)) {
    const encoded = encode(value);
    const size = key.length + encoded.length + 2;
    if (TOKEN.test(key) && size <= room && list.length < MOST_MEMBERS) {
      room -= size;
      list.push([key, encoded, String(value)]);
    }
  }
  return list;
}

/**
 * Propagator beside W3C's → its headers, each a name and what it says. A capital that stands alone is a part of the context: T the
 * trace, P its first 8 digits and R the rest, L its lower half; S the span, D the same in decimal; F the flag, B as a
 * truth value, Z in two digits.
 */
const CONTEXTS = {
  __proto__: null,
  // openzipkin/b3-propagation.
  b3: 'b3 T-S-F',
  b3multi: 'x-b3-traceid T,x-b3-spanid S,x-b3-sampled F',
  // Jaeger's client libraries: the parent is deprecated and 0.
  jaeger: 'uber-trace-id T:S:0:Z',
  // OpenTracing's basic tracers: ids of 64 bits.
  ottrace: 'ot-tracer-traceid L,ot-tracer-spanid S,ot-tracer-sampled B',
  // Google Cloud.
  xcloud: 'x-cloud-trace-context T/D;o=F',
  // AWS X-Ray.
  xray: 'x-amzn-trace-id Root=1-P-R;Parent=S;Sampled=F',
};

/** Propagator → its headers in pieces, as far as they were asked for. */
const pieces = { __proto__: null };
const piecesOf = (propagator) =>
  (pieces[propagator] ??= (CONTEXTS[propagator]?.split(',') ?? []).map((header) => header.split(' ').map((text) => text.split(/\b/))));

/** Propagator → how the name of a header that holds one member of the baggage begins. */
const MEMBERS = { __proto__: null, jaeger: 'uberctx-', ottrace: 'ot-baggage-' };

/**
 * The headers to add to a request, `[name, value]`. `has(name)`, where it set any, says whether the application set one itself: a trace
 * context of its own in any of the formats stands alone, and a header of baggage stays as it is.
 */
export function headersOf(propagators, traceparent, tracestate, entries, has) {
  // What most pages say is not worth more than this.
  if (propagators === STANDARD && !tracestate && !has && !Object.keys(entries)[0]) return [['traceparent', traceparent]];
  const [, T, S, Z] = traceparent.split('-');
  const F = Z & 1;
  const parts = { T, S, F, Z, P: T.slice(0, 8), R: T.slice(8), L: T.slice(16), B: F > 0 };
  const say = (text) => (text === 'D' ? BigInt('0x' + S) : (parts[text] ?? text));
  const list = members(entries);
  const contexts = [];
  const headers = [];
  for (const propagator of propagators) {
    if (propagator === 'tracecontext') contexts.push(['traceparent', traceparent], ['tracestate', tracestate]);
    else contexts.push(...piecesOf(propagator).map((header) => header.map((texts) => texts.map(say).join(''))));
    if (propagator === 'baggage') headers.push([propagator, list.map(([key, encoded]) => `${key}=${encoded}`).join()]);
    const prefix = MEMBERS[propagator];
    if (prefix) {
      for (const [key, encoded, value] of list) {
        // OpenTracing does not encode: what no header may hold stays here.
        headers.push([prefix + key, propagator === 'jaeger' ? encoded : /[^ -~]/.test(value) ? '' : value]);
      }
    }
  }
  if (!contexts.some(([name]) => has?.(name))) headers.unshift(...contexts);
  return headers.filter(([name, value]) => value && !has?.(name));
}

/**
 * What trace ids must look like for these formats: 1 where they begin with the Unix time in seconds (X-Ray refuses
 * others), 2 where only their lower half may be used (receivers fill the rest of an OpenTracing id with zeros); else 0.
 */
export const idShape = (propagators) => (propagators.includes('xray') ? 1 : propagators.includes('ottrace') ? 2 : 0);

/**
 * The origins that an entry of the allow-list means, as a pattern of `URL.origin`: `https://api.shop.example:8443`,
 * `https://*.shop.example` (every name below, not the name itself), `*.shop.example` (over http and https).
 * Throws where it is none.
 */
export function originPattern(entry) {
  const [, scheme, below, host] = /^(https?:\/\/)?(\*\.)?([^*/]+)\/?$/.exec(entry);
  const name = new URL((scheme ?? 'https://') + host).host.replace(/\W/g, '\\$&');
  return new RegExp(`^${scheme ?? 'https?://'}${below ? '[^/:]+\\.' : ''}${name}$`);
}
