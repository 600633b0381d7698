// Applications of today's frameworks: the causality table's yard over every way in which they cause a request.
//
// The applications are in `frameworks/src`; a control is named like the request that it causes.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { GAP_MILLIS, runCausality, throughlineAdapter } from '../harness/causality.js';
import { expect, test } from '../harness/fixtures.js';

const SOURCES = join(import.meta.dirname, '../frameworks');

/** What each application has: its controls in the order of their use, and its pollers. */
const APPLICATIONS = {
  react: {
    // What React may show later, or sooner with other work, is followed by controls that give it none.
    ids: 'effect layout-effect transition deferred-value async-transition handler form-action handler-await query query-refetch mutation-invalidates query-retries redux-thunk rtk-query router-loader router-action suspense-use axios suspense-transition axios-retry lazy axios-fetch debounced-input',
    sources: 'interval web-socket refetch-interval rtk-polling',
  },
  vue: {
    ids: 'handler handler-await watch watch-post watch-effect next-tick store-action store-subscription mounted suspense async-component transition-left router-guard route-watched query mutation-invalidates retry-after-401 emitted debounced-input',
    sources: 'interval web-socket refetch-interval',
  },
  svelte: {
    ids: 'handler handler-await effect effect-pre derived shared-state store tick await-block mounted lazy transition-left tween retry-after-401 debounced-input',
    sources: 'interval web-socket effect',
  },
  solid: {
    ids: 'effect computed deferred store resource resource-refetch suspense transition handler handler-await lazy retry-after-401 router-preload router-action debounced-input',
    sources: 'interval web-socket effect resource',
  },
  angular: {
    ids: 'handler handler-await effect computed resource http-resource http-chain http-retry async-pipe event-bus behaviour-subject rxjs-timer after-render router-resolver router-component output debounced-input',
    sources: 'rxjs-interval web-socket interval',
  },
  'angular-zone': {
    ids: 'handler handler-await effect computed resource http-resource http-chain http-retry async-pipe event-bus behaviour-subject rxjs-timer after-render router-resolver router-component output debounced-input',
    sources: 'rxjs-interval web-socket interval',
  },
  leptos: {
    ids: 'handler handler-await effect memo resource resource-refetch suspense action timeout animation-frame microtask retry-after-401 router-component debounced-input',
    sources: 'interval web-socket',
    start: `
      import start from '/frameworks/leptos/throughline_framework_leptos.js';
      start({ module_or_path: '/frameworks/leptos/throughline_framework_leptos_bg.wasm' });`,
  },
  rxjs: {
    ids: 'switch-map from-fetch ajax delay timer interval asap animation-frame animation-frames audit-time combine-latest fork-join first-value-from share-replay retry-after-401 catch-error scheduled buffer-time from-event debounced-input',
    sources: 'interval ajax web-socket',
  },
  htmx: {
    ids: 'click delayed swapped-then-loads load-delayed after-swap after-settle swap-delayed custom-event failed ajax form debounced-input',
    sources: 'polling load-polling',
  },
  'htmx-2': {
    ids: 'click delayed swapped-then-loads load-delayed after-swap after-settle swap-delayed custom-event failed ajax form debounced-input',
    sources: 'polling load-polling',
  },
  jquery: {
    ids: 'get ajax-success ajax-done ajax-then ajax-await ajax-fail ajax-always when deferred animation fade-promise queue trigger load delegated debounced-input',
    sources: 'interval ajax-polling web-socket',
  },
};

/**
 * Where no mechanism can know: the library keeps a plain callback or flag, which another action's task finds. At the pace
 * of a hasty user the request may then stand in that action, or alone.
 *
 * React does its work of low priority (transitions, deferred values, what a suspended tree waited for) in one task for
 * all who asked for it, and commits it early when a later click renders; overlapping asynchronous transitions end
 * together. Solid has one transition at a time, which later ones join.
 */
const KEPT_CALLBACKS =
  /^react rapid (transition|deferred-value|async-transition|suspense-use|suspense-transition|lazy)$|^solid rapid (transition|lazy)$/;

/** Whatever needs time between two actions shows at the pace of a hasty user; a patient one is tried where most is queued. */
const APART = ['react', 'vue', 'angular-zone'];

test.beforeAll(() => {
  execFileSync(process.execPath, [join(SOURCES, 'build.mjs')], { stdio: 'inherit' });
});

for (const [name, { ids, sources, start = `import '/frameworks/${name}.js';` }] of Object.entries(APPLICATIONS)) {
  for (const [pace, gapMillis] of Object.entries(GAP_MILLIS)) {
    if (pace === 'apart' && !APART.includes(name)) continue;
    test(`${name}: every request belongs to the action that caused it (${pace})`, async ({ page, app, throughline, service }, testInfo) => {
      test.setTimeout(300_000);
      const tag = `${throughline.tag(service)}<script type="module">${start}</script>`;
      const result = await runCausality({
        page,
        app,
        url: app.publish('framework.html', { tag }),
        adapter: throughlineAdapter(throughline),
        ids: ids.split(' '),
        sources: sources.split(' '),
        ready: 'body[data-application=ready]',
        gapMillis,
      });
      const made = Object.values(result.backgroundRequests).reduce((sum, count) => sum + count, 0);
      testInfo.annotations.push({
        type: 'causality',
        description: `${name} ${pace}: ${result.ok} of ${result.cases.length} right, ${result.wrong} wrong; ${result.background} of ${made} background requests blamed`,
      });
      expect(Object.entries(result.backgroundRequests).filter(([, count]) => count === 0)).toEqual([]);
      for (const { id, verdict, reason } of result.cases) {
        const allowed = KEPT_CALLBACKS.test(`${name} ${pace} ${id}`) ? ['ok', 'wrong', 'lost'] : ['ok'];
        expect.soft(allowed, `${id}: ${reason}`).toContain(verdict);
      }
      for (const { id, verdict, reason } of result.steps) expect.soft(verdict, `on the way to ${id}: ${reason}`).toBe('ok');
      expect.soft(result.blamed, 'background requests in the trace of an action').toEqual([]);
    });
  }
}
