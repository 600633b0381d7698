// throughline.js: starts the WASM instance, installs the patches, and offers `window.throughline`.
//
// Whatever fails here leaves the page as it was.
import wasm from 'throughline-wasm';

import { api } from './api.js';
import { describePage } from './page.js';
import { followConsole } from './console.js';
import { followErrors } from './errors.js';
import { instantiate } from './spans.js';
import { deliverSoon } from './exporter.js';
import { followBeacons } from './beacon.js';
import { followCallbacks } from './callbacks.js';
import { followFetch } from './fetch.js';
import { followGestures } from './gesture.js';
import { followHistory } from './history.js';
import { followLoad } from './load.js';
import { followMeasures } from './timing.js';
import { followMessages } from './message.js';
import { followObservers } from './observer.js';
import { followPage } from './lifecycle.js';
import { followPromises } from './promise.js';
import { followSockets } from './socket.js';
import { followTargets } from './targets.js';
import { followTimers } from './timers.js';
import { followWorkers } from './worker.js';
import { followXhr } from './xhr.js';
import { late } from './late.js';
import { loadLate } from './late-loader.js';
import { hideSources } from './patch.js';
import { onStop, stop } from './stop.js';
import { sample } from './sampling.js';
import { state } from './state.js';
import { watchReports } from './request.js';

function trapped(error) {
  stop();
  console.error('[throughline] stopped after an internal error; the page is not affected.', error);
}

let described;

/** A span or log record has ended. What the page is need not be said before. */
function ended() {
  if (!described) describePage();
  described = true;
  deliverSoon();
}

function start() {
  instantiate(wasm(), trapped, ended);
  sample();
  state.on = true;
  hideSources();
  followPromises();
  followTimers();
  followMessages();
  followObservers();
  followTargets();
  followCallbacks();
  followFetch();
  followXhr();
  followBeacons();
  followSockets();
  followConsole();
  followErrors();
  followMeasures();
  followWorkers();
  onStop(followGestures(), followHistory(), followPage(), watchReports((entry) => late.entry(entry)));
  followLoad(loadLate());
}

// A second tag finds the first one's work done.
if (!window.throughline?.version) {
  window.throughline = api;
  try {
    start();
  } catch (error) {
    stop();
    const refused = error instanceof WebAssembly.CompileError || error instanceof EvalError;
    console.warn(
      refused
        ? "[throughline] not tracing: this page's Content-Security-Policy refuses WebAssembly. Allow 'wasm-unsafe-eval' in script-src, or load throughline.csp.js."
        : `[throughline] not tracing: ${error}`,
    );
  }
}
