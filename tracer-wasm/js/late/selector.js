// Where in the document an element stands, in what its author wrote: `main#app>ul.films>li`.
import { above, attribute, tagOf } from './core.js';

const LONGEST = 100;

/** The element and its ancestors up to the next id; empty for no element. */
export function selectorOf(node) {
  let path = '';
  for (let element = node && (node instanceof Element ? node : above(node)); element && path.length < LONGEST; ) {
    const id = attribute(element, 'id');
    const [name] = (attribute(element, 'class') ?? '').trim().split(/\s/);
    path = tagOf(element) + (id ? `#${id}` : name ? `.${name}` : '') + (path && `>${path}`);
    element = id ? null : above(element);
  }
  return path;
}

/** An address in a text, without query and fragment. */
export const bare = (url) => url?.split(/[?#]/)[0];
