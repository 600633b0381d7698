// What the page measures itself (`performance.measure`) as spans of the code that measured it.
import { crowded } from './limit.js';
import { current } from './register.js';
import { epoch } from './clock.js';
import { loading } from './timeline.js';
import { method } from './patch.js';
import { parentOf } from './action.js';
import { spans } from './spans.js';

const MOST_A_SECOND = 50;

export function followMeasures() {
  method(Performance.prototype, 'measure', (original, self, args) => {
    const measure = original.apply(self, args);
    const context = current() ?? loading();
    if (context && measure && !context.action.ended && !crowded(0, 'measure', MOST_A_SECOND, 1_000)) {
      spans.end(spans.start(parentOf(context), epoch(measure.startTime), measure.name), epoch(measure.startTime + measure.duration));
    }
    return measure;
  });
}
