// throughline.js: installs the patches, and offers `window.throughline`. The WASM instance starts when there is something
// to say, or when the browser is idle.
//
// Whatever fails here leaves the page as it was.
import wasm from 'throughline-wasm';

import { api } from './api.js';
import { describeOnce } from './page.js';
import { followConsole } from './console.js';
import { followErrors } from './errors.js';
import { prepare } from './spans.js';
import { deliverSoon } from './exporter.js';
import { followBeacons } from './beacon.js';
import { followFetch } from './fetch.js';
import { followGestures } from './gesture.js';
import { followLoad } from './load.js';
import { followMeasures } from './timing.js';
import { followMessages } from './message.js';
import { followObservers } from './observer.js';
import { followPage } from './lifecycle.js';
import { followPromises } from './promise.js';
import { followSockets } from './socket.js';
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

/** The WASM instance has trapped, or does not start. */
function trapped(error) {
  stop();
  if (error instanceof WebAssembly.CompileError || error instanceof EvalError) {
    console.warn(
      "[throughline] not tracing: the policy refuses WebAssembly. Allow 'wasm-unsafe-eval' in script-src, or load throughline.csp.js.",
    );
  } else console.error('[throughline] stopped by an error of its own:', error);
}

/** A span or log record has ended. */
function ended() {
  describeOnce();
  deliverSoon();
}

function start() {
  prepare(wasm, trapped, ended);
  sample();
  state.on = true;
  hideSources();
  followPromises();
  followTimers();
  followMessages();
  followObservers();
  followFetch();
  followXhr();
  followBeacons();
  followSockets();
  followConsole();
  followErrors();
  followMeasures();
  followWorkers();
  followGestures();
  onStop(followPage(), watchReports((entry) => late.entry?.(entry)));
  followLoad(loadLate());
}

// A second tag finds the first one's work done.
if (!window.throughline?.version) {
  window.throughline = api;
  try {
    start();
  } catch (error) {
    stop();
    throw error;
  }
}
