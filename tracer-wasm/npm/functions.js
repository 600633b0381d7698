// The functions of `window.throughline` as exports. Where the tracer does not run, on a server or in a browser that
// refused it, each is harmless: `trace` runs its body, the others do nothing. Nothing is looked up before it is called:
// a bundler may evaluate this module before the tracer's.

/** The page's tracer, or an object without functions. */
const tracer = () => globalThis.window?.throughline ?? {};

/** Takes options over. Returns the tracer, or undefined where there is none. */
export const initSync = (options) => tracer().init?.(options);

/** The same as a promise, for code that awaits what it starts. */
export const init = async (options) => initSync(options);

export const trace = (name, body) => {
  const { trace: traced } = tracer();
  return traced ? traced(name, body) : body();
};

export const event = (name, attributes) => { tracer().event?.(name, attributes); };
export const identify = (user) => { tracer().identify?.(user); };
export const exception = (error, attributes) => { tracer().exception?.(error, attributes); };
export const route = (template) => { tracer().route?.(template); };
export const baggage = (entries) => { tracer().baggage?.(entries); };
export const capture = () => { tracer().capture?.(); };
export const consent = (granted) => { tracer().consent?.(granted); };
export const flush = async () => { await tracer().flush?.(); };
export const shutdown = async () => { await tracer().shutdown?.(); };
