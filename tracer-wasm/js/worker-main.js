// throughline.worker.js: follows what a worker does, as a part of its page's traces.
//
// Whatever fails here leaves the worker as it was.
import wasm from 'throughline-wasm';

import { review } from './late/before-send.js';
import { deliver, deliverSoon } from './exporter.js';
import { followFetch } from './fetch.js';
import { followMessages } from './message.js';
import { followObservers } from './observer.js';
import { followPage, isLinked, link } from './worker-inbox.js';
import { followPromises } from './promise.js';
import { followTimers } from './timers.js';
import { followWorkers, links } from './worker.js';
import { followWorkers as linkWorkers } from './late/worker-link.js';
import { followXhr } from './xhr.js';
import { epoch, now, started } from './clock.js';
import { hideSources } from './patch.js';
import { consent } from './consent.js';
import { hold, onAction, parentOf } from './action.js';
import { initialise, options } from './options.js';
import { instantiate, prepare, spans } from './spans.js';
import { late } from './late.js';
import { onStop, stop } from './stop.js';
import { receive } from './late/core.js';
import { current, enterTask, runIn } from './register.js';
import { shareSession } from './session.js';
import { state } from './state.js';
import { countLost, tellLosses } from './late/losses.js';
import { trace } from './trace.js';
import { watchReports } from './request.js';

function trapped(error) {
  stop();
  console.error('[throughline] stopped after an internal error; the worker is not affected.', error);
}

const api = {
  version: THROUGHLINE_VERSION,

  /** Takes options over where no page gives them: `{ service, endpoint, propagate }`. Returns the api. */
  init(changes) {
    initialise(changes);
    if (state.on) link();
    return api;
  },

  trace,

  /** Sends what has ended. Settles when it is taken, or when the try has failed. */
  async flush() {
    if (state.on && isLinked()) await runIn(null, deliver);
  },

  /** Sends what there is, and gives the worker's functions back. */
  async shutdown() {
    if (!state.on) return;
    stop();
    if (isLinked()) await deliver();
  },
};

window.throughline = api;
try {
  // Nothing loads late/ here: of it, a worker has this.
  receive([epoch, now, spans, started, consent, current, enterTask, hold, late, links, onAction, options, parentOf, shareSession]);
  late.losses = tellLosses;
  late.refuse = countLost;
  late.review = review;
  prepare(wasm, trapped, () => isLinked() && deliverSoon());
  instantiate();
  state.on = !state.broken;
  hideSources();
  followPromises();
  followTimers();
  followMessages();
  followObservers();
  followFetch();
  followXhr();
  followWorkers();
  linkWorkers();
  onStop(followPage(), watchReports(() => {}));
} catch (error) {
  stop();
  throw error;
}
