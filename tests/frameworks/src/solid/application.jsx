// SolidJS with its router.
import {
  ErrorBoundary,
  Show,
  Suspense,
  createComputed,
  createDeferred,
  createEffect,
  createResource,
  createSignal,
  lazy,
  on,
  onCleanup,
  onMount,
  startTransition,
  useTransition,
} from 'solid-js';
import { createStore } from 'solid-js/store';
import { render } from 'solid-js/web';
import { MemoryRouter, Route, action, createAsync, query, useAction, useNavigate } from '@solidjs/router';

import { POLL_MILLIS, ask, background, finish, heartbeat, ready, sleep, step, stepUrl } from '../backend.js';

const Lazy = lazy(() => import('./lazy.jsx'));

let stale = false;
const list = query(async () => (stale ? finish('router-action') : 'first'), 'list');
const save = action(async () => {
  await step('router-action', 20);
  stale = true;
  return 'saved';
}, 'save');

function Details(props) {
  const [data] = createResource(() => step(props.id, 30));
  createEffect(() => { if (data()) finish(props.id); });
  return <p>{data()?.ok ? 'there' : ''}</p>;
}

function Application(props) {
  const navigate = useNavigate();
  const [changed, setChanged] = createSignal('');
  createEffect(() => { if (changed()) finish(changed()); });
  const [computed, setComputed] = createSignal('');
  createComputed(() => { if (computed()) finish(computed()); });
  const [value, setValue] = createSignal('');
  const deferred = createDeferred(value, { timeoutMs: 100 });
  createEffect(() => { if (deferred()) finish(deferred()); });
  const [store, setStore] = createStore({ saved: { id: '' } });
  createEffect(() => { if (store.saved.id) finish(store.saved.id); });

  const [source, setSource] = createSignal();
  createResource(source, async (id) => { await step(id, 20); return finish(id); });
  const [, { refetch }] = createResource((_, { refetching }) => (refetching ? finish('resource-refetch') : 'first'));

  const [suspended, setSuspended] = createSignal('');
  const [moved, setMoved] = createSignal('');
  const [, start] = useTransition();
  const [shown, setShown] = createSignal('');

  const answers = createAsync(() => list());
  const saved = useAction(save);

  const [text, setText] = createSignal('');
  createEffect(on(text, () => {
    if (text().length < 3) return;
    const timer = setTimeout(() => { finish('debounced-input'); }, 300);
    onCleanup(() => clearTimeout(timer));
  }));

  const retrying = (id) => {
    const attempt = () => fetch(stepUrl(id, 0, '&status=401')).then((response) => (response.ok ? response : Promise.reject(new Error('401'))));
    attempt().then(() => {}).catch(() => step(id, 10)).then(() => { finish(id); });
  };

  onMount(ready);
  if (background) {
    const timer = setInterval(() => { ask('interval'); }, POLL_MILLIS);
    const socket = heartbeat();
    socket.onmessage = () => { ask('web-socket'); };
    const [beats, setBeats] = createSignal(0);
    const beat = setInterval(() => setBeats(beats() + 1), POLL_MILLIS);
    createEffect(() => { if (beats()) ask('effect'); });
    const [, { refetch: poll }] = createResource(() => ask('resource'));
    const polling = setInterval(() => { poll(); }, POLL_MILLIS);
    onCleanup(() => { clearInterval(timer); clearInterval(beat); clearInterval(polling); socket.close(); });
  }

  return (
    <>
      <div id="controls">
        <button onClick={() => { finish('handler'); }}>handler</button>
        <button onClick={async () => { await step('handler-await', 20); await sleep(5); finish('handler-await'); }}>handler-await</button>
        <button onClick={() => setChanged('effect')}>effect</button>
        <button onClick={() => setComputed('computed')}>computed</button>
        <button onClick={() => setValue('deferred')}>deferred</button>
        <button onClick={() => setStore('saved', 'id', 'store')}>store</button>
        <button onClick={() => setSource('resource')}>resource</button>
        <button onClick={() => { refetch(); }}>resource-refetch</button>
        <button onClick={() => setSuspended('suspense')}>suspense</button>
        <button onClick={() => { start(() => setMoved('transition')); }}>transition</button>
        <button onClick={() => { startTransition(() => setShown('lazy')); }}>lazy</button>
        <button onClick={() => { navigate('/details'); }}>router-preload</button>
        <button onClick={() => { saved(); }}>router-action</button>
        <button onClick={() => { retrying('retry-after-401'); }}>retry-after-401</button>
        <input aria-label="debounced-input" onInput={(event) => setText(event.target.value)} />
      </div>
      <p>{answers() ? '' : ''}</p>
      <Suspense><Show when={suspended()}><Details id={suspended()} /></Show></Suspense>
      <Suspense><Show when={moved()}><Details id={moved()} /></Show></Suspense>
      <Suspense><Show when={shown()}><Lazy id={shown()} /></Show></Suspense>
      <ErrorBoundary fallback={null}><Suspense>{props.children}</Suspense></ErrorBoundary>
    </>
  );
}

render(
  () => (
    <MemoryRouter root={Application}>
      <Route path="/" component={() => null} />
      <Route path="/details" preload={async () => { await step('router-preload', 10); finish('router-preload'); }} component={() => null} />
    </MemoryRouter>
  ),
  document.getElementById('application'),
);
