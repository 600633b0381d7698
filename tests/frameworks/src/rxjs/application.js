// RxJS.
import {
  BehaviorSubject,
  Subject,
  animationFrameScheduler,
  animationFrames,
  asapScheduler,
  asyncScheduler,
  auditTime,
  bufferTime,
  catchError,
  combineLatest,
  debounceTime,
  defer,
  delay,
  exhaustMap,
  filter,
  firstValueFrom,
  forkJoin,
  from,
  fromEvent,
  interval,
  map,
  mergeMap,
  observeOn,
  of,
  retry,
  shareReplay,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { ajax } from 'rxjs/ajax';
import { fromFetch } from 'rxjs/fetch';
import { webSocket } from 'rxjs/webSocket';

import { POLL_MILLIS, ask, background, backgroundUrl, caseUrl, finish, ready, step, stepUrl } from '../backend.js';
import { buttons, field } from '../controls.js';

/** Pipelines that the application set up when it loaded; a handler only says `next`. */
const bus = new Subject();
bus.pipe(switchMap((id) => from(step(id, 10)).pipe(map(() => id)))).subscribe((id) => { finish(id); });
const frames = new Subject();
frames.pipe(observeOn(animationFrameScheduler)).subscribe((id) => { finish(id); });
const soon = new Subject();
soon.pipe(observeOn(asapScheduler)).subscribe((id) => { finish(id); });
const audited = new Subject();
audited.pipe(auditTime(60)).subscribe((id) => { finish(id); });
const exhausted = new Subject();
exhausted.pipe(exhaustMap((id) => fromFetch(stepUrl(id, 20)).pipe(switchMap(() => fromFetch(caseUrl(id)))))).subscribe();
const left = new BehaviorSubject('');
combineLatest([left, of(1)]).pipe(filter(([id]) => id)).subscribe(([id]) => { finish(id); });

const handlers = {
  'switch-map': (id) => bus.next(id),
  'from-fetch': (id) => exhausted.next(id),
  'ajax': (id) => { ajax.getJSON(stepUrl(id, 10)).pipe(switchMap(() => ajax.getJSON(caseUrl(id)))).subscribe(); },
  'delay': (id) => { of(id).pipe(delay(50)).subscribe(finish); },
  'timer': (id) => { timer(30).pipe(mergeMap(() => step(id)), delay(20)).subscribe(() => { finish(id); }); },
  'interval': (id) => { interval(20).pipe(take(3)).subscribe({ complete: () => { finish(id); } }); },
  'asap': (id) => soon.next(id),
  'animation-frame': (id) => frames.next(id),
  'animation-frames': (id) => { animationFrames().pipe(take(2)).subscribe({ complete: () => { finish(id); } }); },
  'audit-time': (id) => audited.next(id),
  'combine-latest': (id) => left.next(id),
  'fork-join': (id) => { forkJoin([step(id, 30), timer(20), from(step(id))]).subscribe(() => { finish(id); }); },
  'first-value-from': async (id) => { await firstValueFrom(timer(20).pipe(switchMap(() => step(id)))); finish(id); },
  'share-replay': (id) => {
    const shared = defer(() => step(id, 20)).pipe(shareReplay(1));
    shared.subscribe();
    shared.subscribe(() => { finish(id); });
  },
  'retry-after-401': (id) => {
    let attempts = 0;
    defer(() => fromFetch(attempts++ ? caseUrl(id) : stepUrl(id, 0, '&status=401')))
      .pipe(mergeMap((response) => (response.ok ? of(response) : throwError(() => new Error('401')))), retry({ count: 1, delay: 40 }))
      .subscribe();
  },
  'catch-error': (id) => {
    ajax.getJSON(stepUrl(id, 0, '&status=500')).pipe(catchError(() => from(step(id, 10)))).subscribe(() => { finish(id); });
  },
  'scheduled': (id) => { asyncScheduler.schedule(() => { finish(id); }, 25); },
  'buffer-time': (id) => { of(id).pipe(delay(5), bufferTime(40), take(1)).subscribe(() => { finish(id); }); },
};

const controls = buttons(handlers);
fromEvent(field('debounced-input', controls), 'input').pipe(debounceTime(300)).subscribe(() => { finish('debounced-input'); });
const delegated = document.createElement('button');
delegated.textContent = 'from-event';
controls.append(delegated);
fromEvent(controls, 'click').pipe(map(({ target }) => target.textContent), filter((id) => id === 'from-event')).subscribe((id) => { finish(id); });

if (background) {
  const stop = new Subject();
  interval(POLL_MILLIS).pipe(takeUntil(stop)).subscribe(() => { ask('interval'); });
  timer(0, POLL_MILLIS).pipe(exhaustMap(() => ajax.getJSON(backgroundUrl('ajax')))).subscribe();
  webSocket({ url: `ws://${location.host}/socket?every=105`, deserializer: ({ data }) => data }).subscribe(() => { ask('web-socket'); });
}
ready();
