// What the visitor's consent allows: whether anything is stored or sent.
//
//   not asked yet (`consent="required"`) ── records wait in memory, bounded
//     ├── consent(true) ──▶ they are delivered, and the session is stored
//     └── consent(false), or a signal of the browser that is respected ──▶ they are dropped, as is what follows
//
// The decision is the application's to remember: this lasts as long as the page, and either may follow the other.
import { options } from './options.js';

let decision;

/** true, false, or undefined while nobody has been asked. */
export const consent = () =>
  decision ??
  (options.respect.some((signal) => (signal === 'dnt' ? navigator.doNotTrack === '1' : navigator.globalPrivacyControl))
    ? false
    : options.consent === 'granted' || undefined);

/** Takes a decision. */
export function decide(given) {
  decision = Boolean(given);
}

const local = () => {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
};

/** The storage that the tabs of an origin share; undefined where it is denied. */
export const storage = () => (consent() ? local() : undefined);

/** Removes what was stored, now and earlier. */
export function clearStorage(key) {
  try {
    local()?.removeItem(key);
    // The vault closes itself when it is to be deleted.
    indexedDB.deleteDatabase('throughline');
  } catch {
    // Storage is denied: there is nothing.
  }
}
