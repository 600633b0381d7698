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
import { spans } from './spans.js';
import { state } from './state.js';

/** How long the span waits for the first message. */
const FIRST_MESSAGE_MILLIS = 1_000;
/** RFC 6455 §7.4.1: done, going away, and no code at all. */
const FINE = [1000, 1001, 1005];
const CLOSED = 2;

const { addEventListener } = EventTarget.prototype;
const { setTimeout } = window;

/** Socket → its connection. */
const connections = new WeakMap();

const sizeOf = (data) => data?.length ?? data?.byteLength ?? data?.size ?? 0;

class Connection {
  /** Messages and their sizes: received, sent. */
  counts = [0, 0, 0, 0];
  errors = 0;

  constructor(kind, socket, start) {
    const cause = causeOf();
    const url = new URL(socket.url);
    this.kind = kind;
    this.socket = socket;
    this.start = start;
    this.context = cause.context;
    this.span = startClient(cause, start, `${kind} `, url);
    this.traceparent = spans.traceparent(this.span);
    this.release = hold(this.context);
    open.add(this);
  }

  /** An event of the socket, before the page hears of it. */
  hear({ type, data, code }) {
    const time = now();
    enterTask(this.span && !this.context?.action.ended ? this.context : null);
    if (type === 'message') this.count(0, data);
    if (type === 'error') this.errors++;
    else if (this.span) spans.event(this.span, type, epoch(time));
    if (type === 'open') {
      this.opened ??= time;
      setTimeout(() => this.connected(this.opened), FIRST_MESSAGE_MILLIS);
    } else if (type === 'message') {
      this.connected(time);
    } else if (type === 'close' || (this.kind === 'EventSource' && this.socket.readyState === CLOSED)) {
      this.end(time, code, !FINE.includes(code));
    }
  }

  count(way, data) {
    this.counts[way]++;
    this.counts[way + 2] += sizeOf(data);
  }

  /** Ends the span. */
  connected(time) {
    if (!this.span) return;
    spans.end(this.span, epoch(time));
    this.span = 0;
    this.release(time);
  }

  /** The connection is over; `failed` where the page did not want it so. */
  end(time, code, failed) {
    if (!open.delete(this)) return;
    if (failed && !this.opened) spans.fail(this.span, `${code ?? 'error'}`, '');
    this.connected(this.opened ?? time);
    const log = spans.log(this.traceparent, epoch(time), failed ? 13 : 9, `${this.kind.toLowerCase()}.close`, '');
    spans.url(log, 'url.full', this.socket.url);
    spans.page(log);
    const [received, sent, receivedSize, sentSize] = this.counts;
    const figures = { code, duration: time - this.start, errors: this.errors, received, received_size: receivedSize, sent, sent_size: sentSize };
    for (const key in figures) spans.set(log, `throughline.socket.${key}`, figures[key]);
    spans.end(log, epoch(time));
  }
}

function follow(kind, types) {
  constructor(window, kind, (args, make) => {
    const start = now();
    const socket = make(args);
    try {
      const connection = new Connection(kind, socket, start);
      connections.set(socket, connection);
      for (const type of types) {
        addEventListener.call(socket, type, (event) => {
          if (state.on && event.isTrusted) connection.hear(event);
        });
      }
    } catch {
      // An heir that is no socket, or hides its address.
    }
    return socket;
  });
}

export function followSockets() {
  follow('WebSocket', ['open', 'message', 'error', 'close']);
  follow('EventSource', ['open', 'message', 'error']);

  method(window.WebSocket?.prototype, 'send', (original) => ({
    replacement(data) {
      const result = original.apply(this, arguments);
      connections.get(this)?.count(1, data);
      return result;
    },
  }));

  method(window.EventSource?.prototype, 'close', (original) => ({
    replacement() {
      const result = original.apply(this, arguments);
      if (state.on) connections.get(this)?.end(now());
      return result;
    },
  }));
}
