// Angular, compiled in the browser: signals, effects, HttpClient, the router, reactive forms and RxJS.
import '@angular/compiler';

import { AsyncPipe } from '@angular/common';
import { HttpClient, HttpErrorResponse, HttpInterceptorFn, httpResource, provideHttpClient, withFetch, withInterceptors } from '@angular/common/http';
import {
  ApplicationConfig,
  Component,
  EventEmitter,
  Injector,
  NgZone,
  OnDestroy,
  OnInit,
  Output,
  afterNextRender,
  computed,
  effect,
  inject,
  resource,
  signal,
} from '@angular/core';
import { FormControl, ReactiveFormsModule } from '@angular/forms';
import { Router, RouterOutlet, provideRouter } from '@angular/router';
import { BehaviorSubject, Observable, Subject, catchError, debounceTime, filter, from, interval, shareReplay, switchMap, timer } from 'rxjs';

import { POLL_MILLIS, ask, background, caseUrl, finish, heartbeat, ready, sleep, step, stepUrl } from '../backend.js';

/** After a 401 it refreshes the session and asks again. */
const refreshing: HttpInterceptorFn = (request, next) =>
  next(request).pipe(
    catchError((error: HttpErrorResponse) => {
      if (error.status !== 401) throw error;
      return next(request.clone({ url: stepUrl('http-retry', 15) })).pipe(switchMap(() => next(request.clone({ url: caseUrl('http-retry') }))));
    }),
  );

class Child {
  @Output() saved = new EventEmitter<string>();
}
Component({ selector: 'app-child', template: `<button (click)="saved.emit('output')">output</button>` })(Child);

class Empty implements OnInit {
  private readonly router = inject(Router);
  ngOnInit() {
    if (this.router.url === '/mounted') finish('router-component');
  }
}
Component({ selector: 'app-empty', template: '' })(Empty);

class Application implements OnDestroy {
  private readonly http = inject(HttpClient);
  private readonly injector = inject(Injector);
  private readonly router = inject(Router);
  private readonly stops: (() => void)[] = [];

  readonly changed = signal('');
  readonly source = signal('');
  readonly derived = computed(() => this.source());
  readonly requested = signal<string | undefined>(undefined);
  readonly address = signal<string | undefined>(undefined);
  readonly bus = new Subject<string>();
  readonly state = new BehaviorSubject('');
  readonly text = new FormControl('');
  readonly loaded = resource({
    params: () => this.requested(),
    loader: async ({ params }) => {
      await step(params, 20);
      return finish(params);
    },
  });
  readonly answer = httpResource(() => this.address());
  answers$?: Observable<unknown>;

  constructor() {
    effect(() => { if (this.changed()) finish(this.changed()); });
    effect(() => { if (this.derived()) finish(this.derived()); });
    this.bus.pipe(switchMap((id) => from(step(id, 10)).pipe(switchMap(() => finish(id))))).subscribe();
    this.state.pipe(filter(Boolean), shareReplay(1)).subscribe((id) => { finish(id); });
    this.text.valueChanges.pipe(debounceTime(300)).subscribe(() => { finish('debounced-input'); });
    afterNextRender(ready);
    if (background) {
      const polling = interval(POLL_MILLIS).subscribe(() => { ask('rxjs-interval'); });
      const beat = setInterval(() => { ask('interval'); }, POLL_MILLIS);
      const socket = heartbeat();
      // Outside the zone, as heartbeats are: the change detection that a message asks for waits for a frame, and would
      // take that of a click with it.
      inject(NgZone).runOutsideAngular(() => {
        socket.onmessage = () => { ask('web-socket'); };
      });
      this.stops.push(() => polling.unsubscribe(), () => clearInterval(beat), () => socket.close());
    }
  }

  ngOnDestroy() {
    for (const stop of this.stops) stop();
  }

  handler() { finish('handler'); }
  async handlerAwait() {
    await step('handler-await', 20);
    await sleep(5);
    finish('handler-await');
  }
  httpChain() {
    this.http.get(stepUrl('http-chain', 10)).pipe(switchMap(() => this.http.get(caseUrl('http-chain')))).subscribe();
  }
  httpRetry() { this.http.get(stepUrl('http-retry', 0, '&status=401')).subscribe(); }
  asyncPipe() { this.answers$ = this.http.get(caseUrl('async-pipe')); }
  afterRender() {
    this.changed.set('');
    afterNextRender(() => { finish('after-render'); }, { injector: this.injector });
    this.source.set('');
  }
  timed() { timer(50).subscribe(() => { finish('rxjs-timer'); }); }
  navigate(path: string) { this.router.navigateByUrl(path, { skipLocationChange: true }); }
  finish(id: string) { finish(id); }
}
Component({
  selector: 'app-root',
  imports: [AsyncPipe, Child, ReactiveFormsModule, RouterOutlet],
  template: `
    <div id="controls">
      <button (click)="handler()">handler</button>
      <button (click)="handlerAwait()">handler-await</button>
      <button (click)="changed.set('effect')">effect</button>
      <button (click)="source.set('computed')">computed</button>
      <button (click)="requested.set('resource')">resource</button>
      <button (click)="address.set('${caseUrl('http-resource')}')">http-resource</button>
      <button (click)="httpChain()">http-chain</button>
      <button (click)="httpRetry()">http-retry</button>
      <button (click)="asyncPipe()">async-pipe</button>
      <button (click)="bus.next('event-bus')">event-bus</button>
      <button (click)="state.next('behaviour-subject')">behaviour-subject</button>
      <button (click)="timed()">rxjs-timer</button>
      <button (click)="afterRender()">after-render</button>
      <button (click)="navigate('/details')">router-resolver</button>
      <button (click)="navigate('/mounted')">router-component</button>
      <app-child (saved)="finish($event)" style="display: contents" />
      <input aria-label="debounced-input" [formControl]="text">
    </div>
    <p>{{ answers$ | async }}{{ answer.hasValue() ? '' : '' }}{{ loaded.hasValue() ? '' : '' }}</p>
    <router-outlet />
  `,
})(Application);

export { Application };

/** What both kinds of change detection share; HttpClient goes over XMLHttpRequest or over fetch. */
export const configuration = (overFetch: boolean): ApplicationConfig => ({
  providers: [
    overFetch ? provideHttpClient(withFetch(), withInterceptors([refreshing])) : provideHttpClient(withInterceptors([refreshing])),
    provideRouter([
      { path: '', pathMatch: 'full', component: Empty },
      {
        path: 'details',
        component: Empty,
        resolve: { details: async () => { await step('router-resolver', 10); return finish('router-resolver'); } },
      },
      { path: 'mounted', component: Empty },
      { path: '**', component: Empty },
    ]),
  ],
});
