// Messages. A MessageChannel is a FIFO a port: one message, one context; React's scheduler lives on it.
//
// A worker may answer out of order, more than once, or speak by itself. So its message runs in the context of the one
// message that it has not answered yet, and in none as soon as messages of several contexts are unanswered, until
// as many answers as questions have come. A worker that has once spoken unasked is never again held to answer.
import { constructor, method } from './patch.js';
import { current, enterTask } from './register.js';
import { hold, wait } from './action.js';
import { addEventListener } from './native.js';

/** How many messages may be under way; beyond it a port has gone to another realm, and a worker does not answer. */
const MOST_UNDER_WAY = 1_000;

/** Port or worker → what is under way to its other end, oldest first. */
const outgoing = new WeakMap();

/**
 * Gives the messages that are posted on `from` the contexts in which they were, when `to` receives them or their
 * answers: this listener is the target's first.
 */
function entangle(from, to, keep) {
  const queue = [];
  addEventListener.call(to, 'message', (event) => {
    if (!event.isTrusted) return;
    const sent = queue.shift();
    sent?.release();
    if (!sent && from === to) outgoing.delete(from);
    enterTask(sent ? sent.context : null);
  });
  outgoing.set(from, { queue, keep });
}

/** Has a worker's answers run in the contexts of the questions; its two ways are one object. */
export const converse = (worker) => entangle(worker, worker, wait);

const post = (original, self, args) => {
  const under_way = outgoing.get(self);
  if (!under_way) return original.apply(self, args);
  const { queue, keep } = under_way;
  const context = current();
  original.apply(self, args);
  if (queue.length < MOST_UNDER_WAY) {
    queue.push({ context, release: keep(context) });
    if (keep === wait && queue[0].context !== context) for (const sent of queue) sent.context = null;
  } else {
    for (const sent of queue.splice(0)) sent.release();
    outgoing.delete(self);
  }
};

export function followMessages() {
  constructor(window, 'MessageChannel', (args, make) => {
    const channel = make(args);
    entangle(channel.port1, channel.port2, hold);
    entangle(channel.port2, channel.port1, hold);
    return channel;
  });
  constructor(window, 'SharedWorker', (args, make) => {
    const worker = make(args);
    converse(worker.port);
    return worker;
  });
  method(MessagePort.prototype, 'postMessage', post);
  method(window.Worker?.prototype, 'postMessage', post);
}
