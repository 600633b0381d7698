// Every signal beside requests: it is there, on the span or in the trace that it belongs to, and absent where it must be.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, press, test } from '../harness/fixtures.js';
import { lateHalf } from '../harness/late-half.js';
import { propagatedBy } from '../harness/page-server.js';
import { until } from '../harness/poll.js';

const WEB_VITALS = join(import.meta.dirname, '../node_modules/web-vitals/dist/web-vitals.attribution.iife.js');

/** Opens a page with the tag. */
async function open({ page, app, throughline, service }, name = 'signals.html', { attributes = {}, headers = {} } = {}) {
  const url = app.publish(name, { tag: throughline.tag(service, attributes), headers });
  await page.goto(url);
  return url;
}

/** Has a function of the page run in a real click on a button. */
async function act(page, work, { button = '#act', argument } = {}) {
  await page.evaluate(
    ([text, value, name]) => {
      window[name] = (event) => new Function('event', 'value', `return (${text})(value, event)`)(event, value);
    },
    [String(work), argument, button === '#act' ? 'act' : 'otherAct'],
  );
  await press(page, page.locator(button));
}

const flush = (page) => page.evaluate(() => window.throughline.flush());

/** The trace of an action, when it has ended. */
async function actionTrace({ page, throughline, service }, name, wanted = () => true) {
  let flushing = Promise.resolve();
  return until(`${service} has a trace ${name}`, async () => {
    await flushing;
    flushing = flush(page).catch(() => {});
    const traces = await throughline.tracesOf(service);
    return traces.find((trace) => trace.whole && trace.roots.some((root) => root.name === name && wanted(trace)));
  }, { intervalMillis: 200, otherwise: async () => (await throughline.tracesOf(service)).map((trace) => `\n${trace} ${trace.roots.map((root) => JSON.stringify(root.attributes))}`).join('') });
}

const loadTrace = (fixtures) => actionTrace(fixtures, `load ${new URL(fixtures.page.url()).pathname}`);
const rootOf = (trace) => trace.roots[0];

/** Waits until the tracer has looked back at everything that a page did so far. */
const settle = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));

test.describe('exceptions', () => {
  test('stand in the trace of the code that threw, whose root has failed', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, () => {
      throw new RangeError('out of seats for ann@example.org');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(trace).status).toBe('error');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'exception', 'of the exception');
    expect(log.severity).toBe(17);
    expect(log.spanId).toBe(rootOf(trace).spanId);
    expect(log.attributes['exception.type']).toBe('RangeError');
    expect(log.attributes['exception.message']).toContain('out of seats for');
    expect(log.attributes['exception.message']).not.toContain('ann@');
    expect(log.attributes['exception.stacktrace']).toContain('RangeError');
    expect(log.attributes['throughline.exception.source']).toBe('error');
  });

  test('of an asynchronous function are its action’s, beside another action', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, async () => {
      await fetch('/api/slow?delay=300');
      throw new TypeError('rejected late');
    });
    await act(page, () => { fetch('/api/slow?delay=600'); }, { button: '#other' });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'exception', 'of the rejection');
    expect(log.attributes['throughline.exception.source']).toBe('unhandledrejection');
    expect(log.attributes['exception.message']).toBe('rejected late');
    expect(rootOf(trace).status).toBe('error');
    const other = await actionTrace({ page, throughline, service }, 'click "Other"');
    expect(rootOf(other).status).toBe('unset');
    expect(await throughline.readLogs(other.traceId)).toEqual([]);
  });

  test('of an asynchronous function that awaits nothing are its action’s, however long it took', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, async () => {
      const end = performance.now() + 250;
      while (performance.now() < end);
      throw new Error('rejected at once');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'exception', 'of the rejection');
    expect(log.attributes['exception.message']).toBe('rejected at once');
    expect(rootOf(trace).status).toBe('error');
  });

  test('without an action blame none', async ({ page, app, throughline, service }) => {
    app.collectorUrl = throughline.ingestUrl;
    await open({ page, app, throughline, service }, 'signals.html', { attributes: { 'data-endpoint': '/collector' } });
    await settle(page);
    await act(page, () => { fetch('/api/slow?delay=500'); });
    await page.evaluate(() => { setTimeout(() => { throw new Error('of nobody'); }, 0); });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    await until('the exception is sent', () => app.received('/collector/v1/logs').some(({ body }) => body.includes('of nobody')));
    expect(rootOf(trace).status).toBe('unset');
    expect(await throughline.readLogs(trace.traceId)).toEqual([]);
  });

  test('that another action’s task overtakes are not blamed on that action', async ({ page, app, throughline, service }) => {
    app.collectorUrl = throughline.ingestUrl;
    await open({ page, app, throughline, service }, 'signals.html', { attributes: { 'data-endpoint': '/collector' } });
    await page.evaluate(() => { window.due = performance.now() + 900; });
    await act(page, () => {
      setTimeout(() => { new Promise((_, reject) => reject(new Error('whose'))); }, window.due - performance.now());
    });
    await act(page, () => { setTimeout(() => fetch('/api/other'), window.due - performance.now()); }, { button: '#other' });
    // Both timers are due when the page is free again: the second runs before the browser tells of the rejection.
    await page.evaluate(() => { while (performance.now() < window.due + 50); });
    const other = await actionTrace({ page, throughline, service }, 'click "Other"', (trace) => trace.all('GET /api/other').length > 0);
    await until('the exception is sent', () => app.received('/collector/v1/logs').some(({ body }) => body.includes('whose')));
    expect(rootOf(other).status).toBe('unset');
    expect(await throughline.readLogs(other.traceId)).toEqual([]);
  });

  test('of promises that are made rejected stay their action’s, whoever runs in between', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await page.evaluate(() => { window.due = performance.now() + 900; });
    await act(page, () => { setTimeout(() => { Promise.reject(new Error('mine')); }, window.due - performance.now()); });
    await act(page, () => { setTimeout(() => fetch('/api/other'), window.due - performance.now()); }, { button: '#other' });
    await page.evaluate(() => { while (performance.now() < window.due + 50); });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    await throughline.waitForLog(trace.traceId, ({ attributes }) => attributes['exception.message'] === 'mine', 'of the rejection');
    expect(rootOf(trace).status).toBe('error');
  });

  test('in a storm are sent a few times', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, () => {
      for (let i = 0; i < 200; i++) setTimeout(() => { throw new Error('again'); }, 0);
      setTimeout(() => { throw new Error('another'); }, 100);
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    await throughline.waitForLog(trace.traceId, ({ attributes }) => attributes['exception.message'] === 'another', 'of the other error');
    const again = (await throughline.readLogs(trace.traceId)).filter(({ attributes }) => attributes['exception.message'] === 'again');
    expect(again).toHaveLength(10);
  });

  test('of another origin’s script say that they are', async ({ page, app, throughline, service }) => {
    app.collectorUrl = throughline.ingestUrl;
    await open({ page, app, throughline, service }, 'signals.html', { attributes: { 'data-endpoint': '/collector' } });
    const sent = () => app.received('/collector/v1/logs').map(({ body }) => body.toString('latin1')).join('');
    await page.evaluate((url) => {
      const script = document.createElement('script');
      script.src = url;
      document.head.append(script);
    }, `${app.origin.replace('127.0.0.1', 'localhost')}/pages/signals-throws.js`);
    await until('the exception is sent', () => sent().includes('cross-origin'));
    expect(sent()).toContain('Script error.');
    expect(sent()).not.toContain('the secret of another origin');
  });

  test('that are objects of the page are not looked into', async ({ page, app, throughline, service, complaints }) => {
    await open({ page, app, throughline, service });
    await act(page, () => {
      window.looked = 0;
      const shy = { get message() { window.looked++; return 'secret'; }, get stack() { window.looked++; return ''; }, toString() { window.looked++; return 'shy'; } };
      Promise.reject(shy);
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'exception', 'of the rejection');
    expect(log.attributes['exception.type']).toBe('object');
    expect(log.attributes['exception.message']).toBeUndefined();
    // The browser reads the object itself to report it; the tracer adds nothing.
    expect(complaints.errors).toHaveLength(1);
  });
});

test.describe('console.error', () => {
  test('is a log record of the code that called, and the page’s console is as it was', async ({ page, app, throughline, service, complaints }) => {
    const texts = [];
    page.on('console', (message) => texts.push(`${message.type()} ${message.text()}`));
    await open({ page, app, throughline, service });
    await act(page, () => {
      window.looked = 0;
      const shy = { get secret() { window.looked++; return 1; }, toString() { window.looked++; return 'shy'; }, toJSON() { window.looked++; return {}; } };
      console.warn('only a warning');
      window.returned = console.error('payment failed', 402, new TypeError('declined'), shy);
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'browser.console', 'of the console');
    expect(log.severity).toBe(17);
    expect(log.body).toBe('payment failed 402 TypeError: declined [object]');
    expect(log.attributes['browser.console.method']).toBe('error');
    expect(log.attributes['exception.stacktrace']).toContain('declined');
    expect(log.spanId).toBe(rootOf(trace).spanId);
    const page_ = await page.evaluate(() => [window.looked, window.returned, console.error.name, console.error.length, String(console.error)]);
    expect(page_).toEqual([0, undefined, 'error', 0, 'function error() { [native code] }']);
    expect(texts.filter((text) => text.startsWith('error payment failed 402'))).toHaveLength(1);
    expect((await throughline.readLogs(trace.traceId)).filter(({ body }) => body.includes('warning'))).toEqual([]);
    expect(complaints.errors).toEqual([]);
  });
});

test.describe('events of the page', () => {
  test('stand where they were called, with the user that the page has named', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await page.evaluate(() => window.throughline.identify({ id: 'customer-4711-0000-abcdefgh123456', email: 'ann@example.org', age: 30 }));
    await act(page, async () => {
      await fetch('/api/before');
      window.throughline.event('seat.chosen', { seat: 'C7', price: 12.5, aisle: true, none: undefined });
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'seat.chosen', 'of the page');
    expect(log.attributes).toMatchObject({ seat: 'C7', price: 12.5, aisle: true, 'user.id': 'customer-4711-0000-abcdefgh123456', 'user.email': 'ann@example.org' });
    expect(log.attributes).not.toHaveProperty('none');
    expect(rootOf(trace).attributes).toMatchObject({ 'user.id': 'customer-4711-0000-abcdefgh123456' });
    expect(Object.keys(rootOf(trace).attributes).filter((key) => key.startsWith('user.')).sort()).toEqual(['user.email', 'user.id']);
    await page.evaluate(() => window.throughline.identify(null));
    await act(page, () => { fetch('/api/after'); }, { button: '#other' });
    const later = await actionTrace({ page, throughline, service }, 'click "Other"');
    expect(rootOf(later).attributes).not.toHaveProperty('user.id');
  });

  test('that are measures are spans of the code that measured', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, async () => {
      performance.mark('begun');
      await fetch('/api/measured');
      window.measured = performance.measure('checkout', 'begun').name;
      for (let i = 0; i < 80; i++) performance.measure('library');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const span = trace.only('checkout');
    expect(span.parentSpanId).toBe(rootOf(trace).spanId);
    expect(span.endNanos > span.startNanos).toBe(true);
    expect(await page.evaluate(() => window.measured)).toBe('checkout');
    expect(trace.all('library').length).toBeLessThan(50);
    expect(trace.all('library').length).toBeGreaterThan(10);
  });
});

test.describe('routes', () => {
  test('before and after stand on the root, and the navigation in its trace', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service }, 'signals.html', { attributes: { 'data-routes': '/films/:title,/seats/:row/:seat' } });
    await act(page, async () => {
      await fetch('/api/film');
      history.pushState({}, '', '/films/dune?token=secret');
      history.replaceState({ only: 'state' }, '');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(trace).attributes['throughline.route.before']).toMatch(/signals\.html$/);
    expect(rootOf(trace).attributes['throughline.route.after']).toBe('/films/:title');
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'browser.navigation', 'of the navigation');
    expect(log.attributes).toMatchObject({ 'browser.navigation.type': 'push', 'browser.navigation.same_document': true, 'browser.navigation.hash_change': false, 'url.path': '/films/dune' });
    expect(log.attributes['url.full']).not.toContain('secret');
    expect((await throughline.readLogs(trace.traceId)).filter(({ name }) => name === 'browser.navigation')).toHaveLength(1);

    await act(page, async () => {
      await fetch('/api/order');
      history.pushState({}, '', '/orders/4711/tickets');
    }, { button: '#other' });
    const next = await actionTrace({ page, throughline, service }, 'click "Other"');
    expect(rootOf(next).attributes['throughline.route.before']).toBe('/films/:title');
    expect(rootOf(next).attributes['throughline.route.after']).toBe('/orders/{id}/tickets');
  });

  test('are those that the page names', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await act(page, async () => {
      await fetch('/api/film');
      history.pushState({}, '', '/f/dune');
      window.throughline.route('/f/:name');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(trace).attributes['throughline.route.after']).toBe('/f/:name');
  });

  test('going back is an action of the user', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await page.evaluate(() => { window.onPop = true; history.pushState({}, '', '?second'); });
    await settle(page);
    await page.goBack();
    const trace = await actionTrace({ page, throughline, service }, 'popstate');
    expect(trace.find('GET /api/popped')).toBeTruthy();
    const log = await throughline.waitForLog(trace.traceId, ({ name }) => name === 'browser.navigation', 'of the way back');
    expect(log.attributes['browser.navigation.type']).toBe('traverse');
  });
});

test.describe('gestures', () => {
  test('a press that moves is a drag, by the pointer or by the browser', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await page.locator('#card').dragTo(page.locator('#list'));
    const dropped = await actionTrace({ page, throughline, service }, 'drag "Card"');
    expect(dropped.find('GET /api/dropped')).toBeTruthy();
    const box = await page.locator('#handle').boundingBox();
    await page.mouse.move(box.x + 10, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 20, { steps: 5 });
    await page.mouse.up();
    const released = await actionTrace({ page, throughline, service }, 'drag "Handle"');
    expect(released.find('GET /api/released')).toBeTruthy();
    await page.locator('#handle').click();
    const clicked = await actionTrace({ page, throughline, service }, 'click "Handle"');
    expect(rootOf(clicked).attributes['throughline.action']).toBe('click');
  });

  test('a key that is a command is named, a character is not', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await page.evaluate(() => { window.onKey = true; });
    await page.locator('#act').focus();
    await page.keyboard.press('Escape');
    const escape = await actionTrace({ page, throughline, service }, 'keydown "Act"', (trace) => rootOf(trace).attributes['throughline.key'] === 'Escape');
    expect(escape.find('GET /api/key')).toBeTruthy();
    await page.locator('#field').focus();
    await page.keyboard.press('q');
    const typed = await actionTrace({ page, throughline, service }, 'keydown "Field"');
    expect(rootOf(typed).attributes).not.toHaveProperty('throughline.key');
  });

  test('a key that was pressed before the late half was there is named by it', async ({ page, app, throughline, service }) => {
    let arrive;
    const held = new Promise((resolve) => (arrive = resolve));
    await page.route(/throughline\.late-/, async (route) => {
      await held;
      await route.continue();
    });
    await open({ page, app, throughline, service });
    await page.evaluate(() => { window.onKey = true; });
    await page.locator('#act').focus();
    await page.keyboard.down('Escape');
    arrive();
    await lateHalf(page);
    await page.keyboard.up('Escape');
    await actionTrace({ page, throughline, service }, 'keydown "Act"', (trace) => rootOf(trace).attributes['throughline.key'] === 'Escape');
  });

  test('what the browser dispatches behind a press is the press’s, though nothing in it was followed', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await page.evaluate(() => { document.getElementById('field').addEventListener('blur', () => { fetch('/api/left'); }); });
    await page.locator('#field').focus();
    await press(page, page.locator('#nothing'));
    const trace = await actionTrace({ page, throughline, service }, 'click "Nothing"');
    expect(trace.only('GET /api/left').attributes['throughline.causality']).toBe('exact');
  });

  test('what comes by itself right behind a click is nobody’s', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await page.evaluate(() => {
      // Code of nobody's, which makes a signal while the button is held down.
      const timer = setInterval(() => {
        if (!window.pressed) return;
        clearInterval(timer);
        window.due = performance.now() + 80;
        AbortSignal.timeout(80).addEventListener('abort', () => { fetch('/api/timed-out'); });
      }, 5);
      addEventListener('pointerdown', () => { window.pressed = true; });
      // The click's task ends when the signal is due, which is then the next.
      window.act = () => { while (performance.now() < window.due + 5); };
    });
    await page.locator('#act').click({ delay: 50 });
    await app.waitForRequest('/api/timed-out');
    await flush(page);
    const trace = await throughline.waitForTraceOf(service, (one) => one.find('GET /api/timed-out') !== undefined, 'of the request that a signal made');
    expect(rootOf(trace).name).toBe('GET /api/timed-out');
  });
});

test.describe('trouble', () => {
  test('three clicks within a second are rage', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await page.locator('#change').click({ clickCount: 3 });
    const trace = await actionTrace({ page, throughline, service }, 'click "Change"');
    expect(rootOf(trace).attributes['throughline.rage']).toBe(true);
    expect(rootOf(trace).attributes).not.toHaveProperty('throughline.dead');
  });

  test('a click that nothing answers is dead, others are dropped', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    for (const quiet of ['#change', '#box', '#field', '#off', '#fragment', '#text', 'h1']) {
      await page.locator(quiet).click({ force: true });
      await settle(page);
    }
    await page.locator('#choice').selectOption('Two');
    await page.locator('#nothing').click();
    const trace = await actionTrace({ page, throughline, service }, 'click "Nothing"');
    expect(rootOf(trace).attributes['throughline.dead']).toBe(true);
    await act(page, () => { fetch('/api/alive'); });
    const alive = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(alive).attributes).not.toHaveProperty('throughline.dead');
    const traces = await throughline.tracesOf(service);
    expect(traces.filter((one) => one.spans.some((span) => span.attributes['throughline.dead'])).map((one) => rootOf(one).name)).toEqual(['click "Nothing"']);
  });
});

test.describe('the main thread', () => {
  test('a long frame is a span of its action, with the scripts that took it, and so are INP’s phases', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await act(page, () => {
      window.block(260);
      fetch('/api/after-block');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const frame = trace.only('long frame');
    expect(frame.parentSpanId).toBe(rootOf(trace).spanId);
    const prefix = 'browser.long_animation_frame.';
    expect(frame.attributes[`${prefix}blocking_duration`]).toBeGreaterThan(150);
    expect(frame.attributes[`${prefix}duration`]).toBeGreaterThanOrEqual(260);
    // On a busy machine other listeners of the press took long enough to be named too.
    const script = frame.events.find(({ name, attributes }) => name === 'script' && attributes[`${prefix}invoker`] === 'BUTTON#act.onclick');
    expect(script.attributes).toMatchObject({ [`${prefix}invoker_type`]: 'event-listener' });
    expect(script.attributes[`${prefix}source_url`]).toContain('/signals.html');
    const { attributes } = rootOf(trace);
    expect(attributes['throughline.interaction.processing_ms']).toBeGreaterThanOrEqual(250);
    expect(attributes['throughline.interaction.input_delay_ms']).toBeGreaterThanOrEqual(0);
    expect(attributes['throughline.interaction.presentation_ms']).toBeGreaterThanOrEqual(0);
    expect(attributes['throughline.interaction.rating']).toBe('needs-improvement');
  });

  test('what shifts the page is an event of the action that it happened in', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await act(page, async () => {
      await (await fetch('/api/before-shift')).text();
      const banner = document.createElement('div');
      banner.style.height = '120px';
      document.body.prepend(banner);
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    const [shift] = rootOf(trace).events.filter(({ name }) => name === 'browser.layout_shift');
    expect(shift.attributes['browser.layout_shift.value']).toBeGreaterThan(0);
    expect(shift.attributes['browser.layout_shift.had_recent_input']).toBe(true);
    expect(shift.attributes['browser.layout_shift.target']).toMatch(/\S/);
  });

  test('an action that only blocks is kept; one that does nothing is not', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await act(page, () => window.block(400));
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    trace.only('long frame');
    await page.locator('#change').click();
    await settle(page);
    await flush(page);
    expect((await throughline.tracesOf(service)).filter((one) => rootOf(one).name === 'click "Change"')).toEqual([]);
  });

  test('a link that only blocks is kept for as long as it did', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await page.evaluate(() => { document.getElementById('fragment').onclick = (event) => { event.preventDefault(); window.block(400); }; });
    await press(page, page.locator('#fragment'));
    const trace = await actionTrace({ page, throughline, service }, 'click "Part"');
    const root = rootOf(trace);
    trace.only('long frame');
    expect(Number(root.endNanos - root.startNanos) / 1e6).toBeGreaterThanOrEqual(399);
  });

  test('memory that an action takes stands on its root', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    // It is told by how much the heap has grown since the action before, which is the load.
    await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name.startsWith('load '), 'of the load');
    await act(page, async () => {
      window.kept = Array.from({ length: 2_000_000 }, (_, index) => ({ index }));
      await fetch('/api/large');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(trace).attributes['throughline.memory.growth_bytes']).toBeGreaterThan(10 * 1024 * 1024);
    await act(page, () => { fetch('/api/small'); }, { button: '#other' });
    const small = await actionTrace({ page, throughline, service }, 'click "Other"');
    expect(rootOf(small).attributes).not.toHaveProperty('throughline.memory.growth_bytes');
  });

  test('a page that allows it learns which functions took the time', async ({ page, app, throughline, service, complaints }) => {
    await open({ page, app, throughline, service }, 'signals.html', { attributes: { 'data-profile': 'on' }, headers: { 'document-policy': 'js-profiling' } });
    await settle(page);
    await act(page, () => {
      window.block(500);
      fetch('/api/after-block');
    });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    expect(rootOf(trace).attributes['throughline.profile.functions'][0]).toMatch(/^block \(signals\.html:\d+\) \d+ ms$/);
    expect(rootOf(trace).events.find(({ name }) => name === 'profile').attributes['throughline.profile.stacks'][0]).toContain('block (signals.html');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });

  test('a page that does not allow it gets no complaint', async ({ page, app, throughline, service, complaints }) => {
    await open({ page, app, throughline, service });
    await lateHalf(page);
    await act(page, () => { window.block(300); fetch('/api/after-block'); });
    const trace = await actionTrace({ page, throughline, service }, 'click "Act"');
    trace.only('long frame');
    expect(rootOf(trace).attributes).not.toHaveProperty('throughline.profile.functions');
    expect(complaints).toEqual({ errors: [], console: [], dialogs: [] });
  });
});

test.describe('web vitals', () => {
  /** Leaves the page, and returns what the tracer and Google's own library say of it: name → value and more. */
  async function compare(fixtures, traceId, names) {
    const { page, throughline } = fixtures;
    const hers = await page.evaluate(
      () =>
        new Promise((resolve) => {
          // The last word is spoken when the page is hidden.
          Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
          Object.defineProperty(document, 'hidden', { value: true, configurable: true });
          document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
          setTimeout(() => resolve(window.hers), 100);
        }),
    );
    await flush(page);
    const ours = {};
    for (const name of names) {
      const said = ({ attributes }) => attributes['browser.web_vital.name'] === name;
      await throughline.waitForLog(traceId, said, `of ${name}`);
      ours[name] = (await throughline.readLogs(traceId)).filter(said).at(-1).attributes;
    }
    return { ours, hers };
  }

  /** Has Google's library measure the page beside the tracer. */
  async function oracle(page) {
    await page.addInitScript(`${await readFile(WEB_VITALS, 'utf8')};window.webVitals = webVitals;`);
    await page.addInitScript(() => {
      window.hers = {};
      const take = ({ name, value, rating, navigationType, attribution: { target, interactionTarget, largestShiftTarget, ...attribution } }) => {
        const numbers = Object.fromEntries(Object.entries(attribution).filter(([, part]) => typeof part === 'number'));
        window.hers[name.toLowerCase()] = { value, rating, navigationType, ...numbers };
      };
      for (const on of ['onLCP', 'onCLS', 'onINP', 'onFCP', 'onTTFB']) window.webVitals[on](take, { durationThreshold: 16 });
    });
  }

  test('are those of Google’s library, with what they come from', async ({ page, app, throughline, service }) => {
    await oracle(page);
    await open({ page, app, throughline, service }, 'signals-vitals.html');
    await page.locator('#hero').evaluate((image) => image.decode());
    await page.waitForTimeout(300);
    // Two shifts without a recent input, then an interaction.
    await page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
      for (const height of [120, 300]) {
        window.shift(height);
        await frame();
      }
    });
    await press(page, page.locator('#slow'));
    await until('the slow click is known', () => page.evaluate(() => performance.interactionCount > 0));
    await settle(page);
    const load = await loadTrace({ page, throughline, service });
    const { ours, hers } = await compare({ page, throughline }, load.traceId, ['lcp', 'cls', 'inp', 'fcp', 'ttfb']);
    const value = 'browser.web_vital.value';
    for (const name of ['lcp', 'cls', 'inp', 'fcp', 'ttfb']) {
      expect(hers[name], name).toBeTruthy();
      expect(ours[name][value], name).toBeCloseTo(hers[name].value, 2);
      expect(ours[name]['browser.web_vital.rating'], name).toBe(hers[name].rating);
      expect(ours[name]['browser.web_vital.navigation_type'], name).toBe(hers[name].navigationType);
      expect(ours[name]['browser.web_vital.id'], name).toMatch(/^[a-z]+-[0-9a-f]{12}$/);
    }
    const detail = (name, key) => ours[name][`throughline.web_vital.${key}`];
    expect(hers.cls.value).toBeGreaterThan(0.05);
    expect(hers.inp.value).toBeGreaterThan(250);
    for (const [name, key, theirs] of [
      ['lcp', 'time_to_first_byte_ms', 'timeToFirstByte'],
      ['lcp', 'resource_load_delay_ms', 'resourceLoadDelay'],
      ['lcp', 'resource_load_duration_ms', 'resourceLoadDuration'],
      ['lcp', 'element_render_delay_ms', 'elementRenderDelay'],
      ['inp', 'input_delay_ms', 'inputDelay'],
      ['inp', 'processing_ms', 'processingDuration'],
      ['inp', 'presentation_ms', 'presentationDelay'],
      ['ttfb', 'waiting_ms', 'waitingDuration'],
      ['ttfb', 'dns_ms', 'dnsDuration'],
      ['ttfb', 'connection_ms', 'connectionDuration'],
      ['ttfb', 'request_ms', 'requestDuration'],
    ]) {
      expect(detail(name, key), `${name} ${key}`).toBeCloseTo(hers[name][theirs], 1);
    }
    expect(detail('lcp', 'target')).toBe('img#hero');
    expect(detail('lcp', 'url')).toMatch(/signals-hero\.svg$/);
    expect(detail('inp', 'target')).toBe('button#slow');
    expect(detail('cls', 'target')).toMatch(/img#hero|p\.words|button#slow/);
  });

  test('of a page that leaves are sent with its last breath, each once', async ({ page, app, throughline, service }) => {
    const url = await open({ page, app, throughline, service }, 'signals-vitals.html');
    await page.locator('#hero').evaluate((image) => image.decode());
    await settle(page);
    const load = await loadTrace({ page, throughline, service });
    await page.goto('about:blank');
    expect(url).toBeTruthy();
    for (const name of ['lcp', 'cls', 'fcp', 'ttfb']) {
      const said = ({ attributes }) => attributes['browser.web_vital.name'] === name;
      await throughline.waitForLog(load.traceId, said, `of ${name}`);
      expect((await throughline.readLogs(load.traceId)).filter(said)).toHaveLength(1);
    }
  });

  test('begin anew when the page comes back from the cache', async ({ page, app, throughline, service }) => {
    await open({ page, app, throughline, service }, 'signals-vitals.html');
    await settle(page);
    const first = await loadTrace({ page, throughline, service });
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    const isBack = ({ attributes }) => attributes['browser.web_vital.navigation_type'] === 'back-forward-cache';
    await settle(page);
    await flush(page);
    const logs = await until('the values of the second view are there', async () => {
      const traces = await throughline.tracesOf(service);
      const all = (await Promise.all(traces.map(({ traceId }) => throughline.readLogs(traceId)))).flat().filter(isBack);
      return all.length >= 3 && all;
    });
    expect(logs.map(({ attributes }) => attributes['browser.web_vital.name']).sort()).toEqual(['fcp', 'lcp', 'ttfb']);
    const [one] = (await throughline.readLogs(first.traceId)).filter(({ attributes }) => attributes['browser.web_vital.name'] === 'fcp');
    expect(one.attributes['browser.web_vital.navigation_type']).toBe('navigate');
    expect(logs[0].attributes['browser.web_vital.id'].split('-')[1]).not.toBe(one.attributes['browser.web_vital.id'].split('-')[1]);
  });

  test('of a tab in the background are neither LCP nor FCP nor CLS', async ({ page, app, throughline, service }) => {
    await page.addInitScript(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
      Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
    });
    await open({ page, app, throughline, service }, 'signals-vitals.html');
    await page.locator('#hero').evaluate((image) => image.decode());
    await settle(page);
    const load = await loadTrace({ page, throughline, service });
    await page.goto('about:blank');
    await throughline.waitForLog(load.traceId, ({ attributes }) => attributes['browser.web_vital.name'] === 'ttfb', 'of ttfb');
    const names = (await throughline.readLogs(load.traceId)).map(({ attributes }) => attributes['browser.web_vital.name']);
    expect(names.filter(Boolean)).toEqual(['ttfb']);
  });
});
