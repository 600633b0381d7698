// `@throughline/tracer`: importing it starts the tracer, so it must be the first import of the application. Where there
// is no page (rendering on a server), or the page has the tag already, only the functions remain.
import './program.js';

export * from './functions.js';
