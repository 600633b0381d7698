import type { Plugin } from 'vue';

interface Router {
  readonly currentRoute: { readonly value: { matched: { path: string }[] } };
  afterEach(guard: (to: any, from: any, failure?: any) => void): () => void;
}

/** `app.use(throughline, { router })`: reports errors of components, and the templates of routes. */
export const throughline: Plugin<[{ router?: Router }?]>;

/** Tells the template of each route that a Vue Router goes to. Returns what ends it. */
export function followRouter(router: Router): () => void;
