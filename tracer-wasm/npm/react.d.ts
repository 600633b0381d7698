import { Component, ErrorInfo, ReactNode } from 'react';

export interface ErrorBoundaryProps {
  /** What the boundary is called in traces; the innermost component's name when absent. */
  name?: string;
  /** What stands in place of the children. */
  fallback?: ReactNode | ((error: unknown, reset: () => void) => ReactNode);
  onError?: (error: unknown, info: ErrorInfo) => void;
  children?: ReactNode;
}

/** Shows `fallback` in place of children that threw, and reports the error with the stack of components. */
export class ErrorBoundary extends Component<ErrorBoundaryProps> {}

type Handler = (error: unknown, info: { componentStack?: string | undefined }) => void;
export interface RootErrorHandlers {
  onCaughtError: Handler;
  onUncaughtError: Handler;
  onRecoverableError: Handler;
}

/** Options for `createRoot` and `hydrateRoot` that report errors; handlers of your own are called as well. */
export function rootOptions<Options extends object>(options?: Options & Partial<RootErrorHandlers>): Options & RootErrorHandlers;

/** Tells the template of the route that the component shows, such as `/films/:film`. */
export function useRoute(template: string): void;

/** Follows a data router of React Router. Returns what ends it. */
export function followReactRouter(router: {
  readonly state: { matches: { route: { path?: string } }[] };
  subscribe(listener: (state: any) => void): () => void;
}): () => void;

/** Follows a TanStack Router. Returns what ends it. */
export function followTanStackRouter(router: {
  readonly state: { matches: { fullPath: string }[] };
  subscribe(event: 'onResolved', listener: () => void): () => void;
}): () => void;
