// `@throughline/tracer/vue`: the names of routes and components, and the errors of components.
import { exception, route } from './functions.js';

/** A component's name as its author wrote it, or its file's. */
const nameOf = (instance) => {
  const { name, __name, __file } = instance?.$options ?? {};
  return name ?? __name ?? __file?.replace(/^.*\/|\.vue$/g, '');
};

/** The components around an instance, innermost first. */
function stackOf(instance) {
  const names = [];
  for (let at = instance; at; at = at.$parent) names.push(nameOf(at) ?? 'Anonymous');
  return names.join('\n');
}

/**
 * A plugin: `app.use(throughline, { router })`. Reports what components throw, and tells the template of each route that
 * Vue Router goes to. An error handler that the application has set, before or after, is called as well; without one
 * the error is thrown on, as Vue does.
 */
export const throughline = {
  install(app, { router } = {}) {
    let own = app.config.errorHandler;
    const handler = (error, instance, info) => {
      exception(error, {
        'throughline.component': nameOf(instance),
        'throughline.component.stack': stackOf(instance),
        'throughline.component.hook': info,
      });
      if (own) own(error, instance, info);
      else console.error(error);
    };
    Object.defineProperty(app.config, 'errorHandler', {
      configurable: true,
      enumerable: true,
      get: () => handler,
      set: (next) => { own = next; },
    });
    if (router) followRouter(router);
  },
};

/** Tells the template of each route that a Vue Router goes to. Returns what ends it. */
export function followRouter(router) {
  const tell = ({ matched }) => {
    const template = matched.at(-1)?.path;
    if (template !== undefined) route(template || '/');
  };
  tell(router.currentRoute.value);
  return router.afterEach((to, from, failure) => {
    if (!failure) tell(to);
  });
}
