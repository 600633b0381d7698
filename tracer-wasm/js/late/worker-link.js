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
import { genuine } from '../native.js';
import { consent, current, enterTask, epoch, hold, late, links, now, onAction, options, parentOf, shareSession, spans } from './core.js';

/** What workers do for the page, by the number that both sides know it by. */
const errands = new Map();
let count = 0;

const tell = ({ post }, throughline) => post({ throughline });

/** Opens the link to a worker that says that it runs the tracer. */
function heard({ data }) {
  enterTask(null);
  for (const link of links.values()) {
    if (link.early && new URL(link.url, genuine(document, 'baseURI')).href === data.url) {
      link.name = data.name;
      // What the page wants to see before it is sent must not leave by another door.
      if (!options.beforeSend && consent()) {
        const early = link.early.map((at) => at && send(link, ...at));
        link.early = null;
        tell(link, { options: { ...options, consent: 'granted', respect: [] }, session: shareSession(), early });
      } else links.delete(link.worker);
    }
  }
}

/** Starts the span of a message that is posted in a context. Returns what the worker is told of it. */
function send({ worker, name }, context, start) {
  const span = spans.start(parentOf(context), epoch(start), `worker ${name}`);
  errands.set(++count, { worker, context, span, release: hold(context) });
  return [count, span.own, context.sure];
}

/** The worker was done with the message at this time. */
function done(id, time) {
  const { span, release } = errands.get(id);
  errands.delete(id);
  spans.end(span, epoch(time));
  release(time);
}

/** What these errands cause further is not waited for. */
const dismiss = (which) => errands.forEach((errand, id) => which(errand) && done(id, now()));

/** The worker has posted a message. */
function answered(link, event) {
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

/** Tells a worker in which context, and when, the page is about to post a message; nothing where there is no context. */
const announce = (link, at) => tell(link, at ? send(link, ...at) : [0]);

/** Takes over what js/worker.js has kept. */
export function followWorkers() {
  const earlier = late.earlier;
  Object.assign(late, { announce, answered, dismiss: (worker) => dismiss((errand) => errand.worker === worker), heard });
  earlier.forEach(heard);
  onAction('end', (action) => dismiss(({ context }) => context.action === action));
}
