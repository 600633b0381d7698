// The session: one visit of one tab, until half an hour passes without an action.
import { hex } from './hex.js';

const KEY = 'throughline.session';
const IDLE_MILLIS = 30 * 60_000;

let id = '';
let touched = 0;

/** The session's id, 32 hexadecimal digits; starts a session where there is none. */
export function session() {
  const time = Date.now();
  try {
    if (!id) [id, touched] = (sessionStorage.getItem(KEY) || ':0').split(':');
  } catch {
    // Storage is denied: the session lasts as long as the page.
  }
  if (!id || time - touched > IDLE_MILLIS) {
    id = hex(crypto.getRandomValues(new Uint8Array(16)));
  }
  if (time - touched > 1_000) {
    touched = time;
    try {
      sessionStorage.setItem(KEY, `${id}:${time}`);
    } catch {
      // As above.
    }
  }
  return id;
}
