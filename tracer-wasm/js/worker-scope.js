// What the tracer's modules know as `window` and `document`, in a worker. The build puts these in the globals' place.
export const window = globalThis;

export const document = Object.create({ baseURI: location.href, readyState: 'complete', visibilityState: 'visible' });
