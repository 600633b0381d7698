// The page's end of the link to a worker that runs throughline.worker.js; worker-inbox.js is the other.
//
//   worker ── "here I am" (broadcast: its address and name) ──▶ page
//   page ── options, and in which contexts it has posted so far ──▶ worker
//   page ── a context or none, then the message that was posted in it ──▶ worker, and the same way back
//   worker ── how long ago it was done with a message ──▶ page
//
// All but the broadcast travels among the application's messages, as `{ throughline }`; the first listener on either
// side keeps it from the others. Invariant: nothing is posted to a worker that has not said that it runs the tracer,
// and such a worker posts nothing before it was answered. So no application meets a message that is not its own.
import { consent } from './consent.js';
import { current, enterTask } from './register.js';
import { epoch, now } from './clock.js';
import { hold, onAction, parentOf } from './action.js';
import { options } from './options.js';
import { shareSession } from './session.js';
import { spans } from './spans.js';

/** So many messages to a worker are remembered until it is heard of, and so many such workers. */
const MOST_EARLY = 100;

const { BroadcastChannel, Worker } = window;
const { addEventListener } = EventTarget.prototype;
const post = Worker?.prototype.postMessage;

/** Worker → its link. */
const links = new WeakMap();
/** The links of workers that have not been heard of. */
const strangers = new Set();
/** What workers do for the page, by the number that both sides know it by. */
const errands = new Map();
let count = 0;
let channel;

const tell = ({ worker }, throughline) => post.call(worker, { throughline });

/** Opens the link to a worker that says that it runs the tracer. */
function hear({ data }) {
  enterTask(null);
  for (const link of strangers) {
    if (link.url === data.url) {
      strangers.delete(link);
      link.name = data.name;
      // What the page wants to see before it is sent must not leave by another door.
      if (!options.beforeSend && consent()) {
        const early = link.early.map((at) => at && send(link, ...at));
        link.early = null;
        tell(link, { options: { ...options, consent: 'granted', respect: [] }, session: shareSession(), early });
      }
    }
  }
}

/** Offers a link to a worker that the page has just made from `url`. Nobody has a listener on it yet. */
export function offerLink(worker, url) {
  if (!channel) {
    channel = new BroadcastChannel('throughline');
    channel.onmessage = hear;
    onAction('end', (action) => dismiss(({ context }) => context.action === action));
  }
  if (strangers.size > MOST_EARLY) strangers.clear();
  const link = { worker, url: new URL(url, document.baseURI).href, early: [] };
  links.set(worker, link);
  strangers.add(link);
  addEventListener.call(worker, 'message', (event) => link.early || receive(link, event));
}

/** Has the workers send nothing more. */
export const refuseWorkers = () => new BroadcastChannel('throughline').postMessage({ refused: true });

/** Whether the worker runs the tracer and is linked: it is then known exactly what a message of it belongs to. */
export const isLinked = (worker) => links.get(worker)?.early === null;

/** Starts the span of a message that is posted in a context. Returns what the worker is told of it. */
function send({ worker, name }, context, start) {
  const span = spans.start(parentOf(context), epoch(start), `worker ${name}`);
  errands.set(++count, { worker, context, span, release: hold(context) });
  return [count, spans.traceparent(span), context.sure];
}

/** The worker was done with the message at this time. */
function done(id, time) {
  const { span, release } = errands.get(id);
  errands.delete(id);
  spans.end(span, epoch(time));
  release(time);
}

/** What these errands cause further is not waited for. */
export function dismiss(which) {
  errands.forEach((errand, id) => which(errand) && done(id, now()));
}

function receive(link, event) {
  if (!event.isTrusted) return;
  const said = event.data?.throughline;
  if (said) {
    const [id, since] = said;
    const errand = errands.get(id);
    event.stopImmediatePropagation();
    if (!said[1]) link.next = errand?.context;
    else if (errand) done(id, now() - since);
  } else {
    enterTask(link.next ?? null);
    link.next = null;
  }
}

/**
 * Tells a worker in which context the page is about to post a message. Returns what is to be called when it has been
 * posted: one that cannot be cloned never is.
 */
export function announce(worker) {
  const link = links.get(worker);
  if (!link) return undefined;
  const context = current();
  const at = context && !context.action.ended && [context, now()];
  if (!link.early) return tell(link, at ? send(link, ...at) : [0]);
  return () => link.early.push(at) > MOST_EARLY && links.delete(worker) && strangers.delete(link);
}
