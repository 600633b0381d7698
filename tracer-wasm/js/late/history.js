// The session's history. Going back is an action of the user, unless the application has asked for it: then it
// belongs to whoever has. `popstate` and `hashchange` run in the context of the navigation that they tell of.
//
// `navigate` of the Navigation API comes before both and tells whether the navigation traverses the history. A browser
// without it does not tell a traversal from a fragment that code has set; the latter fires in the context of that code.
import { current, enterTask, method, startAction, wait } from './core.js';

/** The context in which the application asked to traverse the history; undefined when it has not. */
let asked;
/** The context of the last traversal. */
let context = null;
let release;
/** Address → the context in which its fragment was navigated to: `hashchange` may come when the next has begun. */
const fragments = new Map();

/** The session's history has moved; js/lifecycle.js listens, since the listeners of these targets run as they were registered. */
export function wentBack(event) {
  if (!event.isTrusted) return;
  const { type, navigationType, destination } = event;
  const begins = type === 'navigate' || (type === 'popstate' && !window.navigation);
  if (begins && (navigationType ? navigationType !== 'traverse' : asked === undefined && current())) {
    if (event.hashChange) fragments.set(destination.url, current());
    return;
  }
  release?.();
  if (begins) {
    context =
      event.userInitiated || asked === undefined
        ? startAction('popstate', event.timeStamp, () => 'popstate', event).context
        : asked;
    asked = undefined;
    release = wait(context);
    if (event.hashChange) fragments.set(destination.url, context);
  }
  const url = event.newURL ?? location.href;
  enterTask(fragments.has(url) ? fragments.get(url) : context);
  if (event.newURL) fragments.delete(url);
}

/** Follows what the application asks for. */
export function followHistory() {
  for (const taker of [window.History, window.Navigation]) {
    for (const key of ['back', 'forward', 'go', 'traverseTo']) {
      method(taker?.prototype, key, (original, self, args) => {
        asked = current();
        return original.apply(self, args);
      });
    }
  }
}
