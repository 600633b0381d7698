// Asks for the recorder (recorder/), where the page wants to be recorded, when the browser is idle.
import { URL, consent, listen, onAction, onStop, options, random, send, shareSession, state } from './core.js';

const { setTimeout, requestIdleCallback = setTimeout } = window;

export function followReplay() {
  if (options.replay === 'off' || consent() === false) return;
  requestIdleCallback(async () => {
    try {
      const { default: start } = await import(new URL(THROUGHLINE_REPLAY, import.meta.url));
      if (!state.on) return;
      const recorder = start({
        always: options.replay === 'always',
        consent,
        random,
        listen,
        options,
        send: (body, more) => send.call(window, `${options.endpoint}/v1/replay`, { method: 'POST', body, credentials: 'omit', ...more }),
        session: () => shareSession()[0],
      });
      onStop(recorder.stop);
      onAction('root', ({ parent }) => recorder.mark(parent));
    } catch {
      // A blocker, or a policy: the page is traced, and not recorded.
    }
  });
}
