// throughline.late.js: web vitals, long frames, sampled stacks, slow and failed resources, rage and dead clicks, the
// phases of the document's load, memory, the vault, and what the tracer has lost. js/late.js asks for it and says when.
import { adopt, forget, keep, unclaim } from './vault.js';
import { clicked, followBehaviour } from './behaviour.js';
import { followFrames } from './frames.js';
import { followNavigation, setRoute } from './navigation.js';
import { followMemory } from './memory.js';
import { followProfile } from './profile.js';
import { followSteps, step } from './steps.js';
import { followResources, takeEarlier, takeEntry } from './resource.js';
import { tellLosses } from './losses.js';
import { followVitals, reportAll } from './vitals.js';
import { enterTask, late, receive } from './core.js';
import { describeLoad } from './load.js';

const { setTimeout } = window;

/** Runs with what js/core.js offers. */
export default function start(core) {
  receive(core);
  Object.assign(late, { adopt, clicked, entry: takeEntry, forget, keep, leaving: reportAll, loaded, losses: tellLosses, route: setRoute, step, unclaim });
  followMemory();
  followProfile();
  followVitals();
  followBehaviour();
  followFrames();
  followResources();
  followNavigation();
  followSteps();
}

function loaded(action, tagWasLate) {
  describeLoad(action, tagWasLate);
  // What the page asked for before the tracer was there stands under the load, whose end is known now.
  setTimeout(() => {
    enterTask(null);
    takeEarlier();
  });
}
