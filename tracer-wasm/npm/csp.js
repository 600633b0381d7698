// `@throughline/tracer/csp`: the same for pages whose policy forbids WebAssembly.
import './program.csp.js';

export * from './functions.js';
