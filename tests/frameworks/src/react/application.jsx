// React 19 with TanStack Query, React Router, Redux Toolkit and axios.
import axios from 'axios';
import {
  Suspense,
  lazy,
  startTransition,
  use,
  useActionState,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useOptimistic,
  useState,
  useSyncExternalStore,
  useTransition,
} from 'react';
import { createRoot } from 'react-dom/client';
import { Provider, useDispatch } from 'react-redux';
import { RouterProvider, createMemoryRouter, useFetcher, useLoaderData, useNavigate } from 'react-router';
import { QueryClient, QueryClientProvider, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { configureStore, createAsyncThunk, createSlice } from '@reduxjs/toolkit';
import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query/react';

import { POLL_MILLIS, ask, background, backgroundUrl, caseUrl, finish, heartbeat, ready, sleep, step, stepUrl } from '../backend.js';

function Button({ id, onClick }) {
  return <button onClick={() => { onClick(id); }}>{id}</button>;
}

function Handlers() {
  return (
    <>
      <Button id="handler" onClick={finish} />
      <Button id="handler-await" onClick={async (id) => { await step(id, 20); await sleep(5); finish(id); }} />
    </>
  );
}

/** A state change whose effect asks: passive, before painting, behind a transition, deferred. */
function Effects() {
  const [passive, setPassive] = useState('');
  const [layout, setLayout] = useState('');
  const [transition, setTransition] = useState('');
  const [value, setValue] = useState('');
  const deferred = useDeferredValue(value);
  useEffect(() => { if (passive) finish(passive); }, [passive]);
  useLayoutEffect(() => { if (layout) finish(layout); }, [layout]);
  useEffect(() => { if (transition) finish(transition); }, [transition]);
  useEffect(() => { if (deferred) finish(deferred); }, [deferred]);
  return (
    <>
      <Button id="effect" onClick={setPassive} />
      <Button id="layout-effect" onClick={setLayout} />
      <Button id="transition" onClick={(id) => startTransition(() => setTransition(id))} />
      <Button id="deferred-value" onClick={setValue} />
    </>
  );
}

/** An asynchronous transition, and one that continues after its await. */
function AsyncTransition() {
  const [, start] = useTransition();
  const [done, setDone] = useState('');
  useEffect(() => { if (done) finish(done); }, [done]);
  return (
    <Button
      id="async-transition"
      onClick={(id) => start(async () => {
        await step(id, 30);
        startTransition(() => setDone(id));
      })}
    />
  );
}

function FormAction() {
  const [count, submit] = useActionState(async (before) => {
    await step('form-action', 20);
    finish('form-action');
    return before + 1;
  }, 0);
  const [, addOptimistic] = useOptimistic(count);
  return (
    <form action={() => { addOptimistic(count + 1); submit(); }}>
      <button>form-action</button>
    </form>
  );
}

/** `use` fetches while rendering; the child asks when its data are there. */
const loading = new Map();
function Details({ id }) {
  if (!loading.has(id)) loading.set(id, step(id, 60));
  use(loading.get(id));
  useEffect(() => { finish(id); }, [id]);
  return null;
}
const Lazy = lazy(() => import('./lazy.jsx'));

function Suspended() {
  const [used, setUsed] = useState('');
  const [shown, setShown] = useState('');
  const [inTransition, setInTransition] = useState('');
  return (
    <>
      <Button id="suspense-use" onClick={setUsed} />
      <Button id="suspense-transition" onClick={(id) => startTransition(() => setInTransition(id))} />
      <Button id="lazy" onClick={setShown} />
      <Suspense fallback={null}>{used && <Details id={used} />}</Suspense>
      <Suspense fallback={null}>{inTransition && <Details id={inTransition} />}</Suspense>
      <Suspense fallback={null}>{shown && <Lazy id={shown} />}</Suspense>
    </>
  );
}

function Queries() {
  const client = useQueryClient();
  const [enabled, setEnabled] = useState(false);
  useQuery({ queryKey: ['query'], queryFn: () => finish('query'), enabled });
  const { refetch } = useQuery({ queryKey: ['refetch'], queryFn: async () => { await step('query-refetch', 10); return finish('query-refetch'); }, enabled: false });
  const [invalidated, setInvalidated] = useState(false);
  useQuery({ queryKey: ['list'], queryFn: () => (invalidated ? finish('mutation-invalidates') : 'first') });
  const mutation = useMutation({
    mutationFn: () => { setInvalidated(true); return step('mutation-invalidates', 40); },
    onSuccess: () => client.invalidateQueries({ queryKey: ['list'] }),
  });
  const retried = useMutation({
    mutationFn: async () => {
      const response = await fetch(stepUrl('query-retries', 0, '&status=503'));
      if (!response.ok) throw new Error('503');
    },
    retry: 1,
    retryDelay: 50,
    onError: () => { finish('query-retries'); },
  });
  useQuery({ queryKey: ['poll'], queryFn: () => ask('refetch-interval').then(() => 0), refetchInterval: POLL_MILLIS, enabled: background, notifyOnChangeProps: [] });
  return (
    <>
      <Button id="query" onClick={() => setEnabled(true)} />
      <Button id="query-refetch" onClick={() => refetch()} />
      <Button id="mutation-invalidates" onClick={() => mutation.mutate()} />
      <Button id="query-retries" onClick={() => retried.mutate()} />
    </>
  );
}

/** axios, whose interceptor refreshes a session after a 401 and asks again. */
const http = axios.create();
http.interceptors.response.use(undefined, async (error) => {
  if (error.response?.status !== 401) throw error;
  await http.get(stepUrl('axios-retry', 15));
  return http.get(caseUrl('axios-retry'));
});

function Axios() {
  return (
    <>
      <Button id="axios" onClick={(id) => { axios.get(stepUrl(id, 10)).then(() => axios.get(caseUrl(id))); }} />
      <Button id="axios-retry" onClick={(id) => { http.get(stepUrl(id, 0, '&status=401')); }} />
      <Button id="axios-fetch" onClick={(id) => { axios.get(stepUrl(id, 10), { adapter: 'fetch' }).then(() => axios.get(caseUrl(id), { adapter: 'fetch' })); }} />
    </>
  );
}

const thunk = createAsyncThunk('save', async (id) => { await step(id, 20); return id; });
const slice = createSlice({
  name: 'saved',
  initialState: { id: '' },
  reducers: {},
  extraReducers: (builder) => { builder.addCase(thunk.fulfilled, (state, action) => { state.id = action.payload; }); },
});
let stale = false;
const rtk = createApi({
  baseQuery: fetchBaseQuery({ baseUrl: location.origin }),
  tagTypes: ['List'],
  endpoints: (builder) => ({
    list: builder.query({ query: () => (stale ? caseUrl('rtk-query') : '/api/setup'), providesTags: ['List'] }),
    change: builder.mutation({ query: () => { stale = true; return stepUrl('rtk-query', 20); }, invalidatesTags: ['List'] }),
  }),
});
// An API of its own: RTK Query holds an invalidation back until no query of the API is under way, and it then belongs to
// whoever's answer was the last. A poll's answer may be that.
const polling = createApi({
  reducerPath: 'polling',
  baseQuery: fetchBaseQuery({ baseUrl: location.origin }),
  endpoints: (builder) => ({ poll: builder.query({ query: () => backgroundUrl('rtk-polling') }) }),
});
const store = configureStore({
  reducer: { saved: slice.reducer, [rtk.reducerPath]: rtk.reducer, [polling.reducerPath]: polling.reducer },
  middleware: (defaults) => defaults().concat(rtk.middleware, polling.middleware),
});

function Redux() {
  const dispatch = useDispatch();
  const saved = useSyncExternalStore(store.subscribe, () => store.getState().saved.id);
  useEffect(() => { if (saved) finish(saved); }, [saved]);
  rtk.useListQuery();
  polling.usePollQuery(undefined, { pollingInterval: POLL_MILLIS, skip: !background, selectFromResult: () => ({}) });
  const [change] = rtk.useChangeMutation();
  return (
    <>
      <Button id="redux-thunk" onClick={(id) => { dispatch(thunk(id)); }} />
      <Button id="rtk-query" onClick={() => { change(); }} />
    </>
  );
}

function Navigation() {
  const navigate = useNavigate();
  const fetcher = useFetcher();
  return (
    <>
      <Button id="router-loader" onClick={() => { navigate('/details'); }} />
      <Button id="router-action" onClick={() => { fetcher.submit({}, { method: 'post', action: '/save' }); }} />
    </>
  );
}

function Typing() {
  const [text, setText] = useState('');
  useEffect(() => {
    if (text.length < 3) return undefined;
    const timer = setTimeout(() => { finish('debounced-input'); }, 300);
    return () => clearTimeout(timer);
  }, [text]);
  return <input aria-label="debounced-input" value={text} onChange={(event) => setText(event.target.value)} />;
}

function Pollers() {
  useEffect(() => {
    if (!background) return undefined;
    const timer = setInterval(() => { ask('interval'); }, POLL_MILLIS);
    const socket = heartbeat();
    socket.onmessage = () => { ask('web-socket'); };
    return () => { clearInterval(timer); socket.close(); };
  }, []);
  return null;
}

function Application() {
  useEffect(ready, []);
  return (
    <div id="controls">
      <Handlers />
      <Effects />
      <AsyncTransition />
      <FormAction />
      <Suspended />
      <Queries />
      <Axios />
      <Redux />
      <Navigation />
      <Typing />
      <Pollers />
    </div>
  );
}

function Loaded() {
  useLoaderData();
  return null;
}

const router = createMemoryRouter([
  {
    path: '/',
    element: <Application />,
    children: [
      {
        path: 'details',
        loader: async () => { await step('router-loader', 10); return finish('router-loader'); },
        // The router would load again after the other control's action.
        shouldRevalidate: () => false,
        element: <Loaded />,
      },
      { path: 'save', action: async () => { await sleep(10); return finish('router-action'); }, element: null },
    ],
  },
]);

createRoot(document.getElementById('application')).render(
  <Provider store={store}>
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false } } })}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </Provider>,
);
