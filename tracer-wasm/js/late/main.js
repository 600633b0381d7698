// throughline.late.js: web vitals, long frames, sampled stacks, slow and failed resources, rage and dead clicks, the
// phases of the document's load, memory, the vault, and what the tracer has lost. js/late.js asks for it and says when.
import { delivered, keep, takeOver, unclaim } from './vault.js';
import { review } from './before-send.js';
import { clicked, followBehaviour } from './behaviour.js';
import { followCallbacks } from './callbacks.js';
import { followForeignPromises } from './foreign-promise.js';
import { followFrames } from './frames.js';
import { followHistory, wentBack } from './history.js';
import { followNavigation, setRoute } from './navigation.js';
import { followMemory } from './memory.js';
import { followProfile } from './profile.js';
import { begun, noteEarlierKeys } from './keys.js';
import { followSteps, step } from './steps.js';
import { followTargets } from './targets.js';
import { followResources, takeEarlier, takeEntry } from './resource.js';
import { countLost, tellLosses } from './losses.js';
import { followVitals, reportAll } from './vitals.js';
import { followWorkers } from './worker-link.js';
import { late, receive, runIn } from './core.js';
import { followReplay } from './replay.js';
import { describeLoad } from './load.js';
import { moved } from './drag.js';
import { CONTROLS as pressable, isOther, nameEarlier, nameOf } from './control.js';

const { setTimeout } = window;

/** Runs with what js/core.js offers. */
export default function start(core) {
  receive(core);
  Object.assign(late, { begun, clicked, entry: takeEntry, delivered, isOther, keep, leaving: reportAll, loaded, losses: tellLosses, refuse: countLost, moved, nameOf, pressable, review, route: setRoute, step, takeOver, unclaim, wentBack });
  nameEarlier();
  noteEarlierKeys();
  for (const call of late.calls) review(...call);
  for (const refusal of late.refusals) countLost(...refusal);
  followForeignPromises();
  followTargets();
  followCallbacks();
  followHistory();
  followWorkers();
  followMemory();
  followProfile();
  followVitals();
  followBehaviour();
  followFrames();
  followResources();
  followNavigation();
  followSteps();
  followReplay();
}

function loaded(action, tagWasLate) {
  describeLoad(action, tagWasLate);
  // What the page asked for before the tracer was there stands under the load, whose end is known now.
  setTimeout(() => runIn(null, takeEarlier));
}
