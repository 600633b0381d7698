// The tracer as the provider of `@opentelemetry/api`: what a library with spans of its own does.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, createContextKey, trace } from '@opentelemetry/api';
import { register } from '@throughline/tracer/opentelemetry';

import { buttons } from '../controls.js';
import { finish, ready, sleep, step } from '../backend.js';

const registration = register();
const tracer = trace.getTracer('library', '1.0.0');
const key = createContextKey('tenant');

window.seen = {};
buttons({
  /** An active span over native awaits; its requests are its children. */
  'active-span': (id) => tracer.startActiveSpan('checkout', { kind: SpanKind.PRODUCER, attributes: { items: 2, express: true, tags: ['a', 'b'] } }, async (span) => {
    await step(id, 10);
    span.addEvent('reserved', { seat: 'F12' });
    window.seen.sameSpan = trace.getActiveSpan() === span;
    await sleep(5);
    try {
      throw new RangeError('sold out');
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'sold out' });
    }
    span.updateName('checkout of two');
    await finish(id);
    span.end();
    window.seen.ended = !span.isRecording();
  }),
  /** Nested spans, the inner one by hand. */
  'nested': async (id) => {
    await tracer.startActiveSpan('outer', async (outer) => {
      const inner = tracer.startSpan('inner', { links: [{ context: outer.spanContext() }] });
      await context.with(trace.setSpan(context.active(), inner), async () => {
        await sleep(5);
        await finish(id);
      });
      inner.end();
      outer.end();
    });
  },
  /** The action's own span, found from within. */
  'ambient': async (id) => {
    await sleep(5);
    trace.getActiveSpan().setAttribute('shop.basket', 'full');
    await finish(id);
  },
  /** A value of a context survives awaits, and does not leak. */
  'values': async (id) => {
    await context.with(context.active().setValue(key, 'acme'), async () => {
      await sleep(5);
      await step(id);
      window.seen.inside = context.active().getValue(key);
    });
    window.seen.outside = context.active().getValue(key);
    const bound = context.bind(context.active().setValue(key, 'bound'), () => context.active().getValue(key));
    setTimeout(() => { window.seen.bound = bound(); finish(id); }, 5);
  },
  /** A span without parents is a trace of its own. */
  'root-span': (id) => {
    const span = tracer.startSpan('job', { root: true });
    context.with(trace.setSpan(ROOT_CONTEXT, span), async () => { await sleep(5); await finish(id); span.end(); });
  },
});
window.unregister = () => registration.unregister();
window.outside = () => tracer.startActiveSpan('outside', async (span) => { await sleep(5); await finish('outside'); span.end(); });
ready();
