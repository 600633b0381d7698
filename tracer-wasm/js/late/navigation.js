// Navigations within the document, as `browser.navigation` events, and the routes before and after on the root of the
// action that navigated. A route is a template of the option `routes`, or the path with `{id}` for what looks like an
// identifier, or what the page says (`throughline.route`).
import { current, emit, epoch, listen, method, note, onAction, options, prefixed, spans } from './core.js';
import { observe, ownerOf } from './timeline.js';

let address = location.href;
let path;
/** The action that navigated last. */
let navigator;

/** A template that matches the path (or the path that a router keeps in the fragment), else that path. */
export function routeOf({ pathname, hash }) {
  const at = /^#!?\//.test(hash) ? hash.replace(/^#!?/, '') : pathname;
  const segments = at.split('/');
  const matches = (template) => {
    const wanted = template.split('/');
    return wanted.length === segments.length && wanted.every((one, index) => one[0] === ':' || one === segments[index]);
  };
  return options.routes.find(matches) ?? at;
}

function navigated(type) {
  const before = address;
  address = location.href;
  if (before === address) return;
  const context = current();
  path = routeOf(location);
  navigator = context?.action;
  if (navigator) navigator.route = path;
  const hashChange = before.split('#')[0] === address.split('#')[0];
  emit('browser.navigation', 9, prefixed('browser.navigation.', { type, same_document: true, hash_change: hashChange }));
}

/** Takes the page's own name for the route that it is at now. */
export function setRoute(template) {
  path = String(template);
  const action = current()?.action ?? navigator;
  if (action) action.route = path;
}

export function followNavigation() {
  path = routeOf(location);
  // The way back has its context only when it is told of by `popstate`. (Where a browser lacks the API, `window.navigation` may be an
  // element of that name.)
  if (window.NavigateEvent) {
    listen(window.navigation, 'currententrychange', ({ navigationType }) => navigationType === 'traverse' || navigated(navigationType));
  } else {
    for (const [key, type] of [['pushState', 'push'], ['replaceState', 'replace']]) {
      method(window.History.prototype, key, (original, self, args) => {
        const result = original.apply(self, args);
        navigated(type);
        return result;
      });
    }
  }
  listen(window, 'popstate hashchange', () => navigated('traverse'));
  onAction('start', (action) => {
    const before = path;
    note(action, (root) => {
      spans.route(root, 'throughline.route.before', before);
      spans.route(root, 'throughline.route.after', action.route ?? before);
    });
  });
  observe('soft-navigation', ({ startTime, duration }) => {
    const action = ownerOf(startTime, startTime);
    if (action) note(action, (root) => spans.event(root, 'soft navigation', epoch(startTime + duration)));
  });
}
