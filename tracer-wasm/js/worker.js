// Workers: a message to a worker that runs throughline.worker.js carries its context there and back.
//
// late/worker-link.js is the page's end of the link. Until it is there, what it must know is kept: which workers were made,
// in which contexts the page has posted to them, and who has said that it runs the tracer.
import { constructor, method } from './patch.js';
import { converse } from './message.js';
import { current } from './register.js';
import { late } from './late.js';
import { now } from './clock.js';
import { addEventListener } from './native.js';

/** So many messages to a worker are remembered until it is heard of, and so many such workers. */
const MOST_EARLY = 100;

const post = Worker?.prototype.postMessage;

/**
 * Worker → its link: the worker, its address, what posts to it, and in which contexts the page has done so, and when; null
 * once it is linked.
 */
export const links = new Map();
let channel;

export function followWorkers() {
  constructor(window, 'Worker', (args, make) => {
    const worker = make(args);
    // The link knows better, so it has the last word.
    converse(worker);
    if (!channel) {
      channel = new BroadcastChannel('throughline');
      channel.onmessage = (event) => late.heard(event);
    }
    const link = { worker, url: args[0], post: post.bind(worker), early: [] };
    if (links.size < MOST_EARLY) links.set(worker, link);
    addEventListener.call(worker, 'message', (event) => link.early || late.answered?.(link, event));
    return worker;
  });

  method(Worker?.prototype, 'postMessage', (original, self, args) => {
    const link = links.get(self);
    const context = link && current();
    const at = context && !context.action.ended && [context, now()];
    if (link && !link.early) late.announce?.(link, at);
    // One that cannot be cloned is never posted.
    const posted = original.apply(self, args);
    if (link?.early?.push(at) > MOST_EARLY) links.delete(self);
    return posted;
  });

  method(Worker?.prototype, 'terminate', (original, self, args) => {
    links.delete(self);
    late.dismiss?.(self);
    return original.apply(self, args);
  });
}
