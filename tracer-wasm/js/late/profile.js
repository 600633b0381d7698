// Which functions took the time of a slow action: sampled by the JS Self-Profiling API, for pages that ask for it and
// send `Document-Policy: js-profiling`. (Without that header the browser complains on the console, and there is no way
// to know it beforehand: so `data-profile="on"` must say it.)
//
// To construct a profiler takes up to 10 ms, which no press of a button must wait for: one runs all the time, and
// gives way to the next when it is full or was read.
import { epoch, hold, note, onStop, options, spans } from './core.js';

const SAMPLE_MILLIS = 10;
const MOST_SAMPLES = 3_000;
const MOST_FUNCTIONS = 5;
const MOST_STACKS = 20;

let profiler;

function begin() {
  profiler = new Profiler({ sampleInterval: SAMPLE_MILLIS, maxBufferSize: MOST_SAMPLES });
  profiler.addEventListener('samplebufferfull', begin);
}

/** The entries of a map with the largest values, as `key 12 ms`. */
const largest = (map, most) =>
  [...map].sort(([, one], [, other]) => other - one).slice(0, most).map(([key, samples]) => `${key} ${samples * SAMPLE_MILLIS} ms`);

/** Names on the action's root what ran from `start` to `end`. */
export async function profile(action, start, end) {
  if (!profiler) return;
  const full = profiler;
  const release = hold(action.context);
  begin();
  const { frames, resources, samples, stacks } = await full.stop();
  const functions = new Map();
  const paths = new Map();
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  const nameOf = ({ name, resourceId, line }) => `${name || '(anonymous)'} (${resources[resourceId]?.split(/[?#]/)[0].split('/').pop() ?? 'native'}:${line ?? 0})`;
  for (const { timestamp, stackId } of samples) {
    if (stackId === undefined || timestamp < start || timestamp > end) continue;
    const path = [];
    for (let stack = stacks[stackId]; stack; stack = stacks[stack.parentId]) path.unshift(nameOf(frames[stack.frameId]));
    add(functions, path.at(-1));
    add(paths, path.join(';'));
  }
  note(action, (root) => {
    spans.set(root, 'throughline.profile.functions', largest(functions, MOST_FUNCTIONS));
    spans.event(root, 'profile', epoch(start), { 'throughline.profile.stacks': largest(paths, MOST_STACKS) });
  });
  release(action.last);
}

export function followProfile() {
  if (options.profile !== 'on' || !window.Profiler) return;
  begin();
  onStop(() => {
    profiler.stop();
    profiler = undefined;
  });
}
