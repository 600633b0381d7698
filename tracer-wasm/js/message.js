// MessageChannel: a FIFO a port, one message, one context. React's scheduler lives on it.
import { hold } from './action.js';
import { current, enterTask } from './register.js';
import { constructor, method } from './patch.js';
import { state } from './state.js';

/** How many messages of a port may be under way; beyond it the port has gone to another realm. */
const MOST_UNDER_WAY = 1_000;
const { addEventListener } = EventTarget.prototype;

/** Port → the contexts of the messages that are under way to its other end, oldest first. */
const outgoing = new WeakMap();

/**
 * Gives the messages that are posted on `from` the contexts in which they were, when `to` receives them: this
 * listener is the port's first.
 */
function entangle(from, to) {
  const queue = [];
  outgoing.set(from, queue);
  addEventListener.call(to, 'message', (event) => {
    if (!event.isTrusted) return;
    const sent = queue.shift();
    sent?.release();
    enterTask(sent ? sent.context : null);
  });
}

export function followMessages() {
  constructor(window, 'MessageChannel', (args, make) => {
    const channel = make(args);
    entangle(channel.port1, channel.port2);
    entangle(channel.port2, channel.port1);
    return channel;
  });

  method(MessagePort.prototype, 'postMessage', (original) => ({
    replacement(message) {
      const queue = state.on && outgoing.get(this);
      if (!queue) return original.apply(this, arguments);
      const context = current();
      original.apply(this, arguments);
      if (queue.length < MOST_UNDER_WAY) {
        queue.push({ context, release: hold(context) });
      } else {
        queue.forEach((sent) => sent.release());
        outgoing.delete(this);
      }
    },
  }));
}
