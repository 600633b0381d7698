// What is used of the browser's interfaces, as they were at the start. The build puts these in the globals' place: a page's
// `const URL = '/api'` hides the browser's from every script, its `function Node() {}` is there instead, and behind the
// tracer's own patches a timer would be one of the page's.
export const {
  clearInterval,
  clearTimeout,
  crypto,
  fetch,
  performance,
  setInterval,
  setTimeout,
  requestIdleCallback = setTimeout,
  AbortSignal,
  Blob,
  BroadcastChannel,
  CompressionStream,
  Headers,
  MessageChannel,
  MessagePort,
  Node,
  PerformanceObserver,
  Reflect,
  Request,
  Response,
  URL,
  WeakMap,
  Worker,
} = globalThis;
