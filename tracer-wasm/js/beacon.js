// Beacons: requests without an answer that the page will see, and without a place for headers.
import { resolve } from './address.js';
import { method } from './patch.js';
import { now } from './clock.js';
import { startRequest } from './request.js';

export function followBeacons() {
  method(window.Navigator?.prototype, 'sendBeacon', (original, self, args) => {
    const { 0: url, 1: body } = args;
    const start = now();
    const taken = original.apply(self, args);
    const request = startRequest('POST', resolve(url).href, body, start);
    if (taken) request.responded(0);
    // The browser's queue is full.
    else request.failed({ name: 'QuotaExceededError' });
    return taken;
  });
}
