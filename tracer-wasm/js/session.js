// The session: one visit over tabs and reloads, until half an hour passes without an action, and four hours at most.
//
// The tabs of an origin share its record: id, last action, beginning (milliseconds since the Unix epoch), and why the
// flight recorder was emptied, with colons between. Where storage is denied, the session is the page's alone.
import { random } from './ids.js';
import { clearStorage, storage } from './consent.js';

const KEY = 'throughline.session';
const RECORD = /^([\da-f]{32}):(\d+):(\d+):(.*)/;
const IDLE_MILLIS = 30 * 60_000;
const LONGEST_MILLIS = 4 * 3_600_000;
/** The shared record is read, and written, no more often than this. */
const LOOK_MILLIS = 1_000;

let record = [];
let looked = 0;
let told = '';
let onSession;

/** Has `follow(id, captured)` called as soon as there is a session, and whenever either becomes another. */
export function followSession(follow) {
  onSession = follow;
  told = '';
  if (record[0]) tell(record[0]);
}

function tell(id) {
  const key = id + record[3];
  if (onSession && key !== told) {
    told = key;
    onSession(id, record[3]);
  }
}

function write() {
  try {
    storage()?.setItem(KEY, record.join(':'));
  } catch {
    // The storage is full.
  }
}

/**
 * The session's id, 32 hexadecimal digits. A session that is over is followed by a new one as soon as the visitor has
 * `acted`: a page that is left open asks its server on, but nobody visits it.
 */
export function session(acted) {
  const time = Date.now();
  if (!record[0] || Math.abs(time - looked) > LOOK_MILLIS) {
    looked = time;
    record = RECORD.exec(storage()?.getItem(KEY))?.slice(1) ?? record;
    const [id, touched, started] = record;
    if (!id || (acted && (time - touched > IDLE_MILLIS || time - started > LONGEST_MILLIS))) {
      record = [random(32), time, time, ''];
    }
    if (acted) record[1] = time;
    if (acted || !id) write();
    tell(record[0]);
  }
  return record[0];
}

/** Notes why the session's traces are sent from now on, in all of its tabs. */
export function keepSession(reason) {
  record[3] = reason;
  write();
  tell(record[0]);
}

/** Forgets the session: what follows is another one. */
export function forgetSession() {
  record = [];
  clearStorage(KEY);
}

/** The session's record, for its workers. */
export function shareSession() {
  session();
  return record;
}

/** Has this be a part of a session that another thread keeps. */
export function joinSession(shared) {
  record = shared;
  tell(record[0]);
}
