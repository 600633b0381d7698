// The vault: what waits to be delivered, kept in IndexedDB for the case that the page does not live to see it taken.
//
//   a page keeps a part ──▶ it is taken ──▶ the page forgets it
//                     └───▶ the page dies ──▶ another page adopts the part, delivers and forgets it
//
// A page that has something here holds a Web Lock with its own name, so that others know that it lives. A part is
// adopted in one transaction, which puts it under the adopter's name: whoever comes later does not find it.
// Whatever IndexedDB refuses (a private window, blocked storage, a full disk) leaves the part in memory alone.
import { options, spans } from './core.js';
import { countRecords } from './protobuf.js';

const MOST_BYTES = 5 * 1024 * 1024;
const LONGEST_MILLIS = 24 * 60 * 60_000;
/** Where there are no Web Locks, a part of this age counts as abandoned. */
const ABANDONED_MILLIS = 60_000;
/** What stands for a part that had no room: its key says how many records it had. */
const NOTHING = new Uint8Array();

const { locks } = window.navigator;
const { now } = Date;

const owner = `throughline-${Math.random()}`;
/** How many bytes are in the vault, as far as this page knows. */
let used = 0;

let database;
let opening;
let claimed;
let release;

/** Takes the page's lock. Settles when it is held. */
export const claim = () =>
  (claimed ??= new Promise((resolve) => {
    if (!locks) return resolve();
    const held = () => {
      resolve();
      return new Promise((done) => (release = done));
    };
    locks.request(owner, held).catch(resolve);
  }));

/** Lets go of it: a page that holds one is not frozen, nor kept for the way back. */
export function unclaim() {
  release?.();
  release = claimed = undefined;
}

const open = () =>
  (opening ??= claim().then(
    () =>
      new Promise((resolve, reject) => {
        const request = window.indexedDB.open('throughline', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('parts');
        request.onerror = reject;
        request.onsuccess = () => {
          database = request.result;
          // Whoever clears the origin's storage need not wait for this page.
          database.onversionchange = () => {
            database.close();
            database = opening = undefined;
          };
          resolve();
        };
      }),
  ));

/** Does `work(store)` in a transaction: at once where the vault is open, since the page may be about to go. */
async function transact(work) {
  if (!database) await open();
  await new Promise((resolve, reject) => {
    const transaction = database.transaction('parts', 'readwrite');
    transaction.oncomplete = resolve;
    transaction.onabort = reject;
    if (work(transaction.objectStore('parts'))) transaction.commit?.();
  });
}

function put(store, part, time) {
  const { signal, body } = part;
  part.count ??= countRecords(body);
  part.key = [owner, time + Math.random(), signal, part.count, body.length, options.endpoint];
  used += body.length;
  store.put(used > MOST_BYTES ? NOTHING : body, part.key);
}

/** Keeps what is not kept yet. */
export function keep(parts) {
  const isNew = (part) => !part.key;
  if (!parts.some(isNew)) return;
  claim();
  let fresh = [];
  transact((store) => {
    fresh = parts.filter(isNew);
    for (const part of fresh) put(store, part, now());
    return true;
  }).catch(() => {
    for (const part of fresh) part.key = undefined;
  });
}

/** Forgets what needs no keeping any more. */
export function delivered(parts) {
  if (!opening) return;
  transact((store) => {
    for (const { key } of parts) {
      if (key) {
        used -= key[4];
        store.delete(key);
      }
    }
    return true;
  }).catch(() => {});
}

/** Adopts what pages left that are gone. Settles with the parts; with none where there is no vault. */
export async function takeOver() {
  const adopted = [];
  try {
    let keys;
    await claim();
    await transact((store) => {
      store.getAllKeys().onsuccess = ({ target }) => (keys = target.result);
    });
    // In this order: a page takes its lock before it keeps anything, so whoever has a part and holds none is gone.
    const living = locks ? (await locks.query()).held.map(({ name }) => name) : [];
    used = 0;
    for (const key of keys) used += key[4];
    await transact((store) => {
      for (const key of keys) {
        const [name, time, signal, count, bytes, endpoint] = key;
        const age = now() - time;
        const over = age > LONGEST_MILLIS;
        if (name === owner || living.includes(name) || !(over || (endpoint === options.endpoint && (locks || age > ABANDONED_MILLIS)))) continue;
        store.get(key).onsuccess = ({ target: { result: body } }) => {
          // Another page may have been faster.
          if (!body) return;
          store.delete(key);
          used -= bytes;
          if (over || !body.length) {
            spans.dropped(signal, 'storage', count);
            return;
          }
          const part = { signal, body, count };
          put(store, part, time);
          adopted.push(part);
        };
      }
    });
  } catch {
    return [];
  }
  return adopted;
}
