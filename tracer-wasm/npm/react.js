// `@throughline/tracer/react`: the names of routes and components, and the errors that React catches.
import { Component, useEffect } from 'react';

import { exception, route } from './functions.js';

const attributesOf = (name, stack) => ({
  'throughline.component': name,
  'throughline.component.stack': stack?.trim(),
});

/** The innermost component of a component stack (`    at Checkout (…)` or `Checkout@…`). */
const innermost = (stack) => /^\s*(?:at )?([\w$.]+)/.exec(stack ?? '')?.[1];

/** React hands an error to the root before it does to the boundary; the tracer takes it once. */
const tell = (error, name, stack) => exception(error, attributesOf(name ?? innermost(stack), stack));

/**
 * Shows `fallback` (an element, or a function of the error and a function that tries again) in place of children that
 * threw, and reports the error with the stack of components. `name` is the boundary's own name.
 */
export class ErrorBoundary extends Component {
  state = { error: null, failed: false };
  reset = () => { this.setState({ error: null, failed: false }); };

  static getDerivedStateFromError(error) {
    return { error, failed: true };
  }

  componentDidCatch(error, info) {
    tell(error, this.props.name, info.componentStack);
    this.props.onError?.(error, info);
  }

  render() {
    const { fallback = null, children } = this.props;
    const { failed, error } = this.state;
    if (!failed) return children;
    return typeof fallback === 'function' ? fallback(error, this.reset) : fallback;
  }
}

/**
 * Options for `createRoot` and `hydrateRoot` that report what boundaries caught, what nobody caught, and what React
 * recovered from; handlers of your own in `options` are called as well. An error that nobody caught stays one: it goes
 * on to `reportError`, as without these options.
 */
export function rootOptions(options = {}) {
  const follow = (key, otherwise) => (error, info) => {
    tell(error, info?.errorBoundary instanceof ErrorBoundary ? info.errorBoundary.props.name : undefined, info?.componentStack);
    if (options[key]) options[key](error, info);
    else otherwise(error);
  };
  return {
    ...options,
    onCaughtError: follow('onCaughtError', (error) => console.error(error)),
    onUncaughtError: follow('onUncaughtError', (error) => reportError(error)),
    onRecoverableError: follow('onRecoverableError', (error) => reportError(error)),
  };
}

/** Tells the tracer the template of the route that the component shows, such as `/films/:film`. */
export function useRoute(template) {
  useEffect(() => { route(template); }, [template]);
}

/** The template of nested routes: React Router's `path` of each match, joined. */
const joined = (paths) => `/${paths.filter(Boolean).map((path) => path.replace(/^\/+|\/+$/g, '')).filter(Boolean).join('/')}`;

/**
 * Follows a data router of React Router (`createBrowserRouter` and its like): each navigation gets the template of the
 * routes that matched. Returns what ends it.
 */
export function followReactRouter(router) {
  const tell = ({ matches }) => { route(joined(matches.map((match) => match.route.path))); };
  tell(router.state);
  return router.subscribe((state) => {
    if (state.navigation.state === 'idle') tell(state);
  });
}

/** Follows a TanStack Router in the same way. Returns what ends it. */
export function followTanStackRouter(router) {
  const tell = () => {
    const match = router.state.matches.at(-1);
    if (match) route(match.fullPath || '/');
  };
  tell();
  return router.subscribe('onResolved', tell);
}
