export interface Registration {
  /** Takes the provider and the context manager away from `@opentelemetry/api` again. */
  unregister(): void;
}

/**
 * Registers the tracer with `@opentelemetry/api`: spans that the application or a library starts by hand become
 * children of the user's action, and contexts follow native `async` code. Does nothing where there is no page.
 */
export function register(): Registration;
