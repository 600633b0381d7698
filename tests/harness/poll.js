// Waiting, always for a fact and never for a time.

/** How long a fact may take on a loaded machine. No test asserts a duration; a missed deadline is a failure to arrive. */
export const DEADLINE_MILLIS = 30_000;

/**
 * Calls `probe` until it returns something other than `undefined`, `null` or `false`, and returns that.
 *
 * @template T
 * @param {string} fact what is waited for, for the error message
 * @param {() => T | Promise<T>} probe
 * @param {{deadlineMillis?: number, intervalMillis?: number, otherwise?: () => string | Promise<string>}} [options]
 *   `otherwise` describes what was seen instead
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(fact, probe, { deadlineMillis = DEADLINE_MILLIS, intervalMillis = 50, otherwise } = {}) {
  const deadline = Date.now() + deadlineMillis;
  for (;;) {
    const seen = await probe();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (Date.now() > deadline) {
      const instead = otherwise ? `\nseen instead: ${await otherwise()}` : '';
      throw new Error(`after ${deadlineMillis} ms still not true: ${fact}${instead}`);
    }
    await pause(intervalMillis);
  }
}

/** @param {number} millis */
export function pause(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
