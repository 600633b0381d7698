/** For `<svelte:boundary onerror={reporting('Checkout')}>`. */
export function reporting(
  component: string,
  next?: (error: unknown, reset: () => void) => void,
): (error: unknown, reset: () => void) => void;

/** For SvelteKit's `handleError` of `hooks.client`. */
export function handleErrorWith<Input extends { error: unknown; status?: number; event?: any }, Result = void>(
  next?: (input: Input) => Result,
): (input: Input) => Result | undefined;

/** For SvelteKit's `afterNavigate`. */
export function routed(navigation: { to: { route: { id: string | null } } | null }): void;
