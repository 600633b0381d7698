// `@throughline/tracer/worker`: the first import of a worker, whose work then belongs to its page's traces.
import './program.worker.js';
