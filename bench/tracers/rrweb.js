// rrweb's recorder alone, with the settings that ours gives it, and nobody who takes the events.
import { record } from '@rrweb/record';

window.recordedEvents = 0;
record({
  emit() {
    window.recordedEvents++;
  },
  maskAllInputs: true,
  inlineStylesheet: true,
  slimDOMOptions: 'all',
  sampling: { mousemove: 100, scroll: 150, input: 'last' },
});
