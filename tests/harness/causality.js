// The causality table: which user action does each request belong to?
//
// `pages/causality.html` holds one control for each request of the table; `runCausality` presses them with a real mouse
// and keyboard while background sources make requests of their own, and judges every request by what the backend
// received and what the trace store then knows. The runner knows nothing of Throughline's names: an adapter tells it
// which spans are actions, so that other tracers can be measured by the same yard.

import { pause, until } from './poll.js';
import { propagatedBy } from './page-server.js';

/** One final request each, in the order in which the controls are used. A pair overlaps in time. */
export const CASES = [
  'sync',
  'timeout-0',
  'timeout-200',
  'then',
  'await-1',
  'await-3',
  'await-fetch',
  'await-fetch-json',
  'then-json-chain',
  'fire-and-forget',
  'microtask',
  'animation-frame',
  'idle-callback',
  'message-channel',
  'post-task',
  'mutation-observer',
  'indexed-db',
  'xhr',
  'xhr-onload',
  'debounced-input',
  'custom-event',
  'dynamic-import',
  'worker',
  'delegated',
  'shared-microtask',
  'awaits-interleave-a',
  'awaits-interleave-b',
  'thens-interleave-a',
  'thens-interleave-b',
  'network-interleaves-a',
  'network-interleaves-b',
  'shared-promise-a',
  'shared-promise-b',
];

/** Beyond the table: what applications also do. The page has their controls when it is asked for them. */
export const FURTHER_CASES = [
  'rejection-caught',
  'retry-after-401',
  'promise-all',
  'promise-race',
  'async-generator',
  'for-await-of-values',
  'await-value',
  'await-thenable',
  'await-subclass',
  'finally',
  'nested-timers',
  'interval-cleared',
  'stream-reader',
  'cloned-body',
  'frame-against-timer',
  'yield',
  'resolver-called-later',
  'resolved-by-background',
  'values-interleave-a',
  'values-interleave-b',
  'value-chains-a',
  'value-chains-b',
  'database-put',
  'database-cursor',
  'database-index',
  'database-transaction',
  'database-error',
  'database-opened',
  'database-promise',
  'image-load',
  'image-error',
  'image-decode',
  'image-rendered',
  'script-load',
  'script-jsonp',
  'script-jsonp-promise',
  'style-load',
  'frame-load',
  'frame-blank',
  'file-reader',
  'file-reader-end',
  'blob-text',
  'blob-stream',
  'body-for-await',
  'pipe-to',
  'pipe-to-writes',
  'transform-stream',
  'decompression-stream',
  'canvas-blob',
  'cache',
  'crypto',
  'permissions',
  'clipboard',
  'geolocation',
  'notification',
  'web-lock',
  'web-lock-queued',
  'import-then',
  'array-from-async',
  'intersection-first',
  'resize-first',
  'transition-against-timer',
  'transition-end',
  'animation-end',
  'animate-finished',
  'animate-onfinish',
  'view-transition',
  'view-transition-finished',
  'video-frame',
  'media-recorder',
  'history-back',
  'hash-change',
  'navigate-intercept',
  'worker-promise-a',
  'worker-promise-b',
  'worker-overtaken-a',
  'worker-overtaken-b',
  'shared-worker',
  'worker-talkative',
  'post-task-signal',
  'jquery-steps',
  'jquery-awaited',
  'pool-of-one-a',
  'pool-of-one-b',
  'focus-called',
  'abort-called',
  'submit-requested',
  'dialog-close',
];

/** What makes requests that no user asked for. */
export const BACKGROUND_SOURCES = [
  'interval',
  'await-loop',
  'shared-promise',
  'broadcast-channel',
  'storage-event',
  'animation-event',
  'web-socket',
  'event-source',
  'resize-observer',
  'mutation-observer',
  'intersection-observer',
  'performance-observer',
];

/** What makes them beyond the table, with {@link FURTHER_CASES}. */
export const FURTHER_SOURCES = [
  ...BACKGROUND_SOURCES,
  'animation',
  'await-value',
  'canvas-blob',
  'database-transaction',
  'file-reader',
  'image',
  'indexed-db',
  'intersection-first',
  'media-query',
  'script',
  'service-worker',
  'transform-stream',
  'transition-event',
  'web-lock',
  'worker',
];

/** A browser takes no clicks while a view changes, and another navigation overtakes a traversal. */
const CALM_AFTER = ['view-transition', 'view-transition-finished', 'history-back'];

/** The pace of a patient and of a hasty user. */
export const GAP_MILLIS = { apart: 500, rapid: 120 };

/** A request may be this late on a loaded machine. */
const ARRIVAL_DEADLINE_MILLIS = 20_000;

/** And a span on its way to the store. */
const STORED_DEADLINE_MILLIS = 15_000;

/** So many traces are read side by side. */
const READS_AT_ONCE = 16;

/**
 * What differs from tracer to tracer.
 *
 * @typedef {object} Adapter
 * @property {(traceId: string) => Promise<import('./trace.js').Trace | null>} readTrace
 * @property {(span: import('./trace.js').Span) => boolean} isAction whether a span stands for a user's action
 * @property {(span: import('./trace.js').Span, control: string) => boolean} isActionOn … on the control with this label
 * @property {(page: import('@playwright/test').Page) => Promise<void>} flush makes the tracer send what it holds
 * @property {boolean} [forgets] whether the tracer never sends some spans that it propagated: these are then read once, and
 *   a background request in such a trace is not held against it
 */

/**
 * How a request was judged: `ok` (the span of that action is an ancestor), `wrong` (another action's is), `lost` (no
 * action's is), `missing` (it never arrived) or `unread` (the store does not have its trace).
 *
 * @typedef {{id: string, verdict: 'ok' | 'wrong' | 'lost' | 'missing' | 'unread', causality: string | undefined, reason: string}} Judged
 */

/**
 * @typedef {object} Result
 * @property {number} ok how many of the cases are right
 * @property {number} wrong how many carry another action's trace
 * @property {number} background how many background requests carry an action's trace
 * @property {Judged[]} cases
 * @property {Judged[]} steps the requests on the way to the final one, judged alike
 * @property {Record<string, number>} backgroundRequests how many requests each source made between the first action and the last
 * @property {{source: string, causality: string | undefined, reason: string}[]} blamed the background requests that carry an action's trace
 */

/** Two runs may begin in one millisecond. */
let runs = 0;

/** Throughline's adapter. @param {import('./throughline.js').Throughline} throughline @returns {Adapter} */
export function throughlineAdapter(throughline) {
  return {
    readTrace: (traceId) => throughline.readTrace(traceId),
    isAction: (span) => 'throughline.action' in span.attributes && span.attributes['throughline.action'] !== 'load',
    isActionOn: (span, control) => span.name.endsWith(`"${control}"`),
    flush: (page) => page.evaluate(() => window.throughline.flush()),
  };
}

/**
 * Uses every control of a loaded causality page once and judges the requests.
 *
 * @param {object} options
 * @param {import('@playwright/test').Page} options.page
 * @param {import('./page-server.js').PageServer} options.app
 * @param {string} options.url of the published page, without a query
 * @param {Adapter} options.adapter
 * @param {string[]} [options.ids] {@link CASES} by default
 * @param {string[]} [options.sources] what makes requests in the background
 * @param {string} [options.ready] what the page has when all its controls are there
 * @param {number} options.gapMillis from the start of one action to the start of the next, at least
 * @param {boolean} [options.background] whether background sources run
 * @returns {Promise<Result>}
 */
export async function runCausality({
  page,
  app,
  url,
  adapter,
  ids = CASES,
  sources = ids === CASES ? BACKGROUND_SOURCES : FURTHER_SOURCES,
  ready = 'body[data-database=open]',
  gapMillis,
  background = true,
}) {
  const run = `${Date.now()}-${++runs}`;
  await page.goto(`${url}?run=${run}&background=${background ? 1 : 0}&further=${ids === CASES ? 0 : 1}`);
  await page.locator(ready).waitFor();
  await adapter.ready?.(page);
  const ofRun = (kind) => app.requests.filter((request) => request.query.get('run') === run && request.path.startsWith(`/api/${kind}/`));
  const named = (request) => request.path.split('/').pop();
  if (background) {
    await until('every background source makes requests', () => sources.every((source) => ofRun('background').some((request) => named(request) === source)), {
      otherwise: () => `only ${[...new Set(ofRun('background').map(named))]}`,
    });
  }

  const firstActionMillis = Date.now();
  await useControls(page, ids, gapMillis);
  const arrived = () => new Set(ofRun('case').map(named));
  await until('every case has made its request', () => ids.every((id) => arrived().has(id)), { deadlineMillis: ARRIVAL_DEADLINE_MILLIS }).catch(() => {});
  const lastActionMillis = Date.now();
  await adapter.flush(page);

  const read = reader(adapter);
  const judge = async (request, id) => ({ id, ...(await judgeRequest(request, id, adapter, read)) });
  const cases = await atOnce(ids, (id) => {
    const request = ofRun('case').find((candidate) => named(candidate) === id);
    return request ? judge(request, id) : { id, verdict: 'missing', causality: undefined, reason: 'the request never arrived' };
  });
  const steps = await atOnce(ofRun('step'), (request) => judge(request, named(request)));

  const during = ofRun('background').filter((request) => request.receivedMillis >= firstActionMillis && request.receivedMillis <= lastActionMillis);
  const backgroundRequests = Object.fromEntries(sources.map((source) => [source, during.filter((request) => named(request) === source).length]));
  const blamed = [];
  await atOnce(during, async (request) => {
    const carried = propagatedBy(request);
    if (!carried) return;
    const trace = await read(carried);
    // A trace that the store lacks could be any action's: it counts as blamed until it is read.
    const action = trace ? trace.spans.find(adapter.isAction) : adapter.forgets ? undefined : { name: 'a trace that is not stored' };
    const causality = trace?.byId.get(carried.spanId)?.attributes['throughline.causality'];
    if (action) blamed.push({ source: named(request), causality, reason: `in the trace of ${action.name}` });
  });

  return {
    ok: cases.filter(({ verdict }) => verdict === 'ok').length,
    wrong: cases.filter(({ verdict }) => verdict === 'wrong').length,
    background: blamed.length,
    cases,
    steps,
    backgroundRequests,
    blamed,
  };
}

/** Does the same with all of a list, several side by side; the results are in the order of the list. */
async function atOnce(list, work) {
  const results = [];
  for (let at = 0; at < list.length; at += READS_AT_ONCE) results.push(...(await Promise.all(list.slice(at, at + READS_AT_ONCE).map(work))));
  return results;
}

/** Uses each control once, at the pace given, without waiting for what it causes. */
async function useControls(page, ids, gapMillis) {
  const places = await page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('button, input')].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [element.getAttribute('aria-label') ?? element.textContent, { x: x + width / 2, y: y + height / 2 }];
      }),
    ),
  );
  for (const id of ids) {
    const startMillis = Date.now();
    const { x, y } = places[id];
    await page.mouse.click(x, y);
    if (id === 'debounced-input') await page.keyboard.type('abc', { delay: 20 });
    if (CALM_AFTER.includes(id)) await page.evaluate(() => window.calm.then(() => {}));
    await pause(Math.max(0, startMillis + gapMillis - Date.now()));
  }
}

/**
 * Reads the trace of a span and waits until the way from the span to its root is there: an action's span is sent when
 * the action has ended, after its requests. After the deadline the trace is judged as it is.
 */
function reader(adapter) {
  const traces = new Map();
  return async ({ traceId, spanId }) => {
    const whole = (trace) => {
      const span = trace?.byId.get(spanId);
      return span !== undefined && [span, ...trace.ancestorsOf(span)].at(-1).parentSpanId === null;
    };
    if (!whole(traces.get(traceId))) {
      await until('the way to the root is stored', async () => {
        traces.set(traceId, await adapter.readTrace(traceId));
        return whole(traces.get(traceId));
      }, { deadlineMillis: adapter.forgets ? 0 : STORED_DEADLINE_MILLIS }).catch(() => {});
    }
    return traces.get(traceId);
  };
}

/** @returns {Promise<{verdict: Judged['verdict'], causality: string | undefined, reason: string}>} */
async function judgeRequest(request, id, adapter, read) {
  const carried = propagatedBy(request);
  if (!carried) return { verdict: 'lost', causality: undefined, reason: `no trace context: traceparent is ${request.headers.traceparent}` };
  const trace = await read(carried);
  if (!trace) return { verdict: 'unread', causality: undefined, reason: `trace ${carried.traceId} is not stored` };
  const span = trace.byId.get(carried.spanId);
  if (!span) return { verdict: 'unread', causality: undefined, reason: `span ${carried.spanId} is not stored\n${trace}` };
  const causality = span.attributes['throughline.causality'];
  const actions = [span, ...trace.ancestorsOf(span)].filter(adapter.isAction);
  if (actions.length === 0) return { verdict: 'lost', causality, reason: `no action above it\n${trace}` };
  const right = actions.every((action) => adapter.isActionOn(action, id));
  return { verdict: right ? 'ok' : 'wrong', causality, reason: right ? '' : `it belongs to ${actions.map((action) => action.name)}\n${trace}` };
}
