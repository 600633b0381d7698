// WebSocket and EventSource: long-lived connections.
//
// A span of hours would be in no picture of an action. So the span of a connection, `WebSocket /path`, lasts until the
// connection is open, or until its first message where that follows within a second. What became of the connection is
// told at its end by a log record of that span, `websocket.close` or `eventsource.close`: its code, how long it
// lasted, how many messages went either way and how large they were. Bytes are counted, and of texts the characters; of
// an EventSource's messages those of the type `message`. It is a warning where the connection ended of itself.
//
// What happens while the span is open belongs to whoever opened the connection, all later messages to nobody. (An
// answer that the page awaits as a promise belongs to who awaits it.)
import { causeOf, open, startClient } from './request.js';
import { constructor, method } from './patch.js';
import { epoch, now } from './clock.js';
import { enterTask } from './register.js';
import { hold } from './action.js';
import { prefixed } from './timeline.js';
import { spans } from './spans.js';
import { state } from './state.js';
import { addEventListener } from './native.js';

/** How long the span waits for the first message. */
const FIRST_MESSAGE_MILLIS = 1_000;
/** RFC 6455 §7.4.1: done, going away, and no code at all. */
const FINE = [1000, 1001, 1005];
const CLOSED = 2;


/** Socket → its connection. */
const connections = new WeakMap();

/** Follows a socket that was made at `start`; its events are heard before the page hears them. */
function connect(kind, socket, start, types) {
  const cause = causeOf();
  const { context } = cause;
  let span = startClient(cause, start, `${kind} `, new URL(socket.url));
  const { own } = span;
  const release = hold(context);
  const figures = { received: 0, received_size: 0, sent: 0, sent_size: 0, errors: 0 };
  let opened;

  /** Ends the span. */
  const connected = (time) => {
    if (span) spans.end(span, epoch(time));
    span = 0;
    release(time);
  };

  const connection = {
    count(way, data) {
      figures[way]++;
      figures[way + '_size'] += data?.length ?? data?.byteLength ?? data?.size ?? 0;
    },

    /** The connection is over; `failed` where the page did not want it so. */
    end(time, code, failed) {
      if (!open.delete(connection)) return;
      if (failed && !opened) spans.fail(span, `${code ?? 'error'}`, '');
      connected(opened ?? time);
      const log = spans.log(own, epoch(time), failed ? 13 : 9, `${kind.toLowerCase()}.close`, '');
      spans.page(log);
      spans.url(log, 'url.full', socket.url);
      spans.put(log, prefixed('throughline.socket.', { ...figures, code, duration: time - start }));
      spans.end(log, epoch(time));
    },
  };

  const hear = ({ type, data, code, isTrusted }) => {
    if (!state.on || !isTrusted) return;
    const time = now();
    enterTask(span && !context?.action.ended ? context : null);
    if (type === 'error') figures.errors++;
    else spans.event(span, type, epoch(time));
    if (type === 'open') {
      opened ??= time;
      setTimeout(connected, FIRST_MESSAGE_MILLIS, opened);
    } else if (type === 'message') {
      connection.count('received', data);
      connected(time);
    } else if (type === 'close' || (kind === 'EventSource' && socket.readyState === CLOSED)) {
      connection.end(time, code, !FINE.includes(code));
    }
  };

  open.add(connection);
  connections.set(socket, connection);
  for (const type of types) addEventListener.call(socket, type, hear);
}

function follow(kind, types) {
  constructor(window, kind, (args, make) => {
    const start = now();
    const socket = make(args);
    // It throws at an heir that is no socket, or hides its address.
    connect(kind, socket, start, types);
    return socket;
  });
}

export function followSockets() {
  follow('WebSocket', ['open', 'message', 'error', 'close']);
  follow('EventSource', ['open', 'message', 'error']);

  method(window.WebSocket?.prototype, 'send', (original, self, args) => {
    const result = original.apply(self, args);
    connections.get(self)?.count('sent', args[0]);
    return result;
  });

  method(window.EventSource?.prototype, 'close', (original, self, args) => {
    const result = original.apply(self, args);
    connections.get(self)?.end(now());
    return result;
  });
}
