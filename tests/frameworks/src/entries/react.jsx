// The entry for React: boundaries, errors that nobody caught, and the routes of React Router and TanStack Router.
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Outlet, RouterProvider, createMemoryRouter } from 'react-router';
import { createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { ErrorBoundary, followReactRouter, followTanStackRouter, rootOptions, useRoute } from '@throughline/tracer/react';

import { ready } from '../backend.js';

function Price({ broken }) {
  if (broken) throw new TypeError(`no price (${broken})`);
  return 'price';
}

function Basket({ id }) {
  const [broken, setBroken] = useState('');
  return (
    <>
      <button onClick={() => setBroken(id)}>{id}</button>
      <Price broken={broken} />
    </>
  );
}

function Film() {
  useRoute('/films/:film/told');
  return 'film';
}

function Application() {
  return (
    <div id="controls">
      <ErrorBoundary name="Checkout" fallback={(error, reset) => <button onClick={reset}>again: {error.message}</button>}>
        <Basket id="caught" />
      </ErrorBoundary>
      <Outlet />
    </div>
  );
}

const router = createMemoryRouter([
  { path: '/', element: <Application />, children: [{ path: 'films/:film', element: <Film />, children: [{ path: 'seats', element: null }] }] },
]);
followReactRouter(router);
window.navigate = (path) => router.navigate(path);

const root = createRootRoute();
const other = createRouter({
  routeTree: root.addChildren([createRoute({ getParentRoute: () => root, path: '/' }), createRoute({ getParentRoute: () => root, path: '/people/$person' })]),
  history: createMemoryHistory({ initialEntries: ['/'] }),
});
window.navigateTanStack = async (to) => {
  await other.load();
  const stop = followTanStackRouter(other);
  await other.navigate({ to });
  await other.load();
  stop();
};

const application = document.getElementById('application');
createRoot(application.appendChild(document.createElement('div')), rootOptions()).render(<RouterProvider router={router} />);
createRoot(application.appendChild(document.createElement('div')), rootOptions()).render(<div id="uncaught"><Basket id="uncaught" /></div>);
requestAnimationFrame(() => setTimeout(ready));
