// Memory that an action has cost: how much the heap has grown since the action before it ended, if that is much. It
// is not read when an action starts: a reading takes 20 µs, which no press of a button should wait for.
import { onAction, spans } from './core.js';

const MUCH_BYTES = 10 * 1024 * 1024;

let before;

export const followMemory = () =>
  onAction('end', ({ span }) => {
    const used = performance.memory?.usedJSHeapSize;
    if (span && used - before > MUCH_BYTES) spans.set(span, 'throughline.memory.growth_bytes', used - before);
    before = used;
  });
