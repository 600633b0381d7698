// What an address means on this page.
import { genuine } from './native.js';

/** Paths on the page's own origin in the browser's own spelling: most requests need no parser before they are sent. */
const OWN_PATH = /^(\/\w[-\w.]*)+\/?(\?[-\w.=&%+,:/]*)?$/;

const { origin } = location;

/** The address in full (`href`), and its `origin`. Throws where it is none. */
export function resolve(address) {
  const base = genuine(document, 'baseURI');
  return typeof address === 'string' && OWN_PATH.test(address) && base.startsWith(origin + '/')
    ? { href: origin + address, origin }
    : new URL(address, base);
}
