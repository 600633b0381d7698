// What the visitor's consent allows.

/** The storage that the tabs of an origin share; undefined where it is denied. */
export function storage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
