// Workers: a message to a worker that runs throughline.worker.js carries its context there and back.
import { announce, dismiss, offerLink } from './worker-link.js';
import { constructor, method } from './patch.js';
import { converse } from './message.js';
import { state } from './state.js';

export function followWorkers() {
  constructor(window, 'Worker', (args, make) => {
    const worker = make(args);
    // The link knows better, so it has the last word.
    converse(worker);
    offerLink(worker, args[0]);
    return worker;
  });

  method(window.Worker?.prototype, 'postMessage', (original) => ({
    replacement(_message) {
      const posted = state.on && announce(this);
      original.apply(this, arguments);
      if (posted) posted();
    },
  }));

  method(window.Worker?.prototype, 'terminate', (original) => ({
    replacement() {
      dismiss(({ worker }) => worker === this);
      return original.apply(this, arguments);
    },
  }));
}
