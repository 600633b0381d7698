// `@throughline/tracer/svelte`: the templates of routes, and the errors of boundaries and of SvelteKit.
import { exception, route } from './functions.js';

/**
 * For `<svelte:boundary onerror={reporting('Checkout')}>`: reports what the boundary caught, and calls `next`, if given,
 * with the error and the function that shows the contents again.
 */
export const reporting = (component, next) => (error, reset) => {
  exception(error, { 'throughline.component': component });
  next?.(error, reset);
};

/**
 * For SvelteKit's `src/hooks.client.js`: `export const handleError = handleErrorWith()`. Reports what was not expected,
 * and returns what `next`, if given, returns.
 */
export const handleErrorWith = (next) => (input) => {
  if (input.status !== 404) exception(input.error, { 'throughline.component': input.event?.route?.id ?? undefined });
  return next?.(input);
};

/** SvelteKit's id of a route without its groups and with its parameters as they are: `/(shop)/films/[film]`. */
const templateOf = (id) => id.replace(/\/\([^)]*\)/g, '') || '/';

/**
 * For SvelteKit's root layout: `afterNavigate(routed)` tells the template of each route. Whoever has another router calls
 * `route` of `@throughline/tracer`.
 */
export const routed = ({ to }) => {
  if (to?.route?.id) route(templateOf(to.route.id));
};
