// Memory that an action has cost: how much the heap has grown when it ends, if that is much.
import { onAction } from './action.js';
import { spans } from './spans.js';

const MUCH_BYTES = 10 * 1024 * 1024;

const used = () => performance.memory?.usedJSHeapSize;

export function followMemory() {
  onAction('start', (action) => (action.memory = used()));
  onAction('end', ({ span, memory }) => {
    const growth = used() - memory;
    if (span && growth > MUCH_BYTES) spans.set(span, 'throughline.memory.growth_bytes', growth);
  });
}
