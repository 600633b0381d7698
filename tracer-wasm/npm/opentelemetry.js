// `@throughline/tracer/opentelemetry`: registers the tracer with `@opentelemetry/api`.
//
// Spans that are started by hand stand below the running code's action; without one, a span is an action of its own.
// Contexts travel in the tracer's own register, so they survive native `async` code as the action does. A context
// that is entered where no action is open lives as long as its function runs, since nothing carries it on.
import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, context as contextApi, isSpanContextValid, trace as traceApi } from '@opentelemetry/api';

const INTERNALS = Symbol.for('throughline');
/** OpenTelemetry's kinds (internal, server, client, producer, consumer) as the tracer's; a page serves nobody. */
const KINDS = [0, 0, 1, 2, 3];
const NO_SPAN = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`;

/** The tracer's insides; undefined where it does not run. */
const insides = () => {
  const found = globalThis.window?.throughline?.[INTERNALS];
  return found?.state.on ? found : undefined;
};

/** A time as OpenTelemetry takes it, in milliseconds since the Unix epoch. */
function millisOf(time) {
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6;
  if (time instanceof Date) return time.getTime();
  // A small number is one of `performance.now()`.
  if (typeof time === 'number') return time < performance.timeOrigin ? performance.timeOrigin + time : time;
  const { epoch, now } = insides();
  return epoch(now());
}

const isTime = (value) => typeof value === 'number' || value instanceof Date || (Array.isArray(value) && typeof value[0] === 'number');
const traceparentOf = ({ traceId, spanId, traceFlags }) => `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`;

function spanContextOf(traceparent) {
  const [, traceId, spanId, flags] = traceparent.split('-');
  return { traceId, spanId, traceFlags: flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

/** What an attribute's value becomes: arrays hold texts. */
const valueOf = (value) => (Array.isArray(value) ? value.filter((entry) => entry != null).map(String) : value);
const attributesOf = (attributes) => Object.fromEntries(Object.entries(attributes ?? {}).map(([key, value]) => [key, valueOf(value)]));

/** What both kinds of span do; `handle()` is undefined where nothing is recorded any more. */
class Recording {
  isRecording() {
    return this.handle() !== undefined;
  }

  /** Calls `change(spans, handle)` where the span is recorded. Returns the span. */
  record(change) {
    const handle = this.handle();
    if (handle !== undefined) change(insides().spans, handle);
    return this;
  }

  setAttribute(key, value) {
    return this.record((spans, handle) => spans.set(handle, key, valueOf(value)));
  }

  setAttributes(attributes) {
    for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value);
    return this;
  }

  addEvent(name, attributesOrTime, time) {
    const attributes = isTime(attributesOrTime) ? undefined : attributesOrTime;
    const at = isTime(attributesOrTime) ? attributesOrTime : time;
    return this.record((spans, handle) => spans.event(handle, name, millisOf(at), attributesOf(attributes)));
  }

  /** A link's own attributes are not kept. */
  addLink({ context }) {
    return this.record((spans, handle) => spans.link(handle, traceparentOf(context)));
  }

  addLinks(links) {
    for (const link of links) this.addLink(link);
    return this;
  }

  /** Only an error is told apart: a span without one is a success. */
  setStatus({ code, message = '' }) {
    return code === SpanStatusCode.ERROR ? this.record((spans, handle) => spans.fail(handle, '', message)) : this;
  }

  updateName(name) {
    return this.record((spans, handle) => spans.rename(handle, name));
  }

  recordException(exception, time) {
    const { name, message = String(exception), stack, code } = Object(exception);
    this.record((spans, handle) =>
      spans.event(handle, 'exception', millisOf(time), {
        'exception.type': code === undefined ? name : String(code),
        'exception.message': message,
        'exception.stacktrace': stack,
      }),
    );
  }
}

/** A span that was started by hand. */
class ManualSpan extends Recording {
  #handle;
  #spanContext;
  #end;

  /** `register`: the register's context of work below the span; `end(millis)` ends what the handle stands for. */
  constructor(handle, register, end) {
    super();
    this.#handle = handle;
    this.#spanContext = spanContextOf(insides().spans.traceparent(handle));
    this.#end = end;
    this.register = register;
  }

  handle() {
    return this.#end && insides() ? this.#handle : undefined;
  }

  spanContext() {
    return this.#spanContext;
  }

  end(time) {
    if (!this.isRecording()) return;
    this.#end(millisOf(time));
    this.#end = undefined;
  }
}

/** The span of code that nobody has given one by hand: the root of its action, or the span of a `throughline.trace`. */
class AmbientSpan extends Recording {
  constructor(register) {
    super();
    this.register = register;
  }

  /** The span of a `throughline.trace` is that function's own. */
  handle() {
    const { action, parent } = this.register;
    if (action.ended || parent || !insides()?.parentOf(this.register)) return undefined;
    return action.span;
  }

  spanContext() {
    return spanContextOf(insides()?.parentOf(this.register) || NO_SPAN);
  }

  /** It ends with its action. */
  end() {}
}

class Tracer {
  startSpan(name, { kind = 0, attributes, links = [], startTime, root } = {}, context = contextApi.active()) {
    const found = insides();
    if (!found) return traceApi.wrapSpanContext(spanContextOf(NO_SPAN));
    const { Context, current, endAction, hold, now, parentOf, spans, startAction } = found;
    const above = root ? undefined : traceApi.getSpan(context);
    const running = root ? null : (above?.register ?? current());
    const remote = above && !above.register && isSpanContextValid(above.spanContext()) ? traceparentOf(above.spanContext()) : '';
    const start = millisOf(startTime);

    let span;
    if (running && !running.action.ended) {
      const handle = spans.start(remote || parentOf(running), start, name, KINDS[kind]);
      const release = hold(running);
      span = new ManualSpan(handle, new Context(running.action, spans.traceparent(handle)), (millis) => {
        spans.end(handle, millis);
        release();
      });
    } else {
      const action = startAction('trace', now(), () => name);
      action.span = spans.start(remote || running?.action.parent || '', start, name, KINDS[kind]);
      action.parent = spans.traceparent(action.span);
      const release = hold(action.context);
      spans.set(action.span, 'throughline.action', 'trace');
      spans.page(action.span);
      span = new ManualSpan(action.span, action.context, (millis) => {
        release();
        // What it has caused goes on; then it ends with that.
        if (!action.open && !action.awaits) endAction(action, millis - performance.timeOrigin);
      });
    }
    for (const link of links) span.addLink(link);
    return span.setAttributes(attributes ?? {});
  }

  startActiveSpan(name, ...rest) {
    const body = rest.pop();
    const [options, parent = contextApi.active()] = rest;
    const span = this.startSpan(name, options, parent);
    return contextApi.with(traceApi.setSpan(parent, span), body, undefined, span);
  }
}

/** Keeps OpenTelemetry's contexts in the register's. */
class RegisterContextManager {
  /** The register's context → OpenTelemetry's. */
  #contexts = new WeakMap();
  /** What was entered where the register has nothing to keep it in, innermost last. */
  #entered = [];

  active() {
    const running = insides()?.current();
    if (!running) return this.#entered.at(-1) ?? ROOT_CONTEXT;
    const known = this.#contexts.get(running);
    if (known) return known;
    const ambient = traceApi.setSpan(ROOT_CONTEXT, new AmbientSpan(running));
    this.#contexts.set(running, ambient);
    return ambient;
  }

  with(context, body, thisArgument, ...args) {
    const found = insides();
    const above = traceApi.getSpan(context)?.register;
    const running = above && !above.action.ended ? above : found?.current();
    if (!running) {
      this.#entered.push(context);
      try {
        return body.apply(thisArgument, args);
      } finally {
        this.#entered.pop();
      }
    }
    const inner = new found.Context(running.action, running.parent, running.sure);
    this.#contexts.set(inner, context);
    this.#contexts.set(inner.doubted(), context);
    return found.runIn(inner, () => body.apply(thisArgument, args));
  }

  bind(context, target) {
    if (typeof target !== 'function') return target;
    const manager = this;
    return function (...args) {
      return manager.with(context, target, this, ...args);
    };
  }

  enable() {
    return this;
  }

  disable() {
    this.#contexts = new WeakMap();
    this.#entered = [];
    return this;
  }
}

/** Registers the tracer as provider and as keeper of contexts. Returns `{ unregister }`. */
export function register() {
  if (!insides()) return { unregister() {} };
  const tracer = new Tracer();
  const tookTraces = traceApi.setGlobalTracerProvider({ getTracer: () => tracer });
  const tookContexts = contextApi.setGlobalContextManager(new RegisterContextManager());
  return {
    unregister() {
      if (tookTraces) traceApi.disable();
      if (tookContexts) contextApi.disable();
    },
  };
}
