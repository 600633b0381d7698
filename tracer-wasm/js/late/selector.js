// Where in the document an element stands, in what its author wrote: `main#app>ul.films>li`.
const LONGEST = 100;

/** The element and its ancestors up to the next id; empty for no element. */
export function selectorOf(node) {
  let path = '';
  for (let element = node?.nodeType === 1 ? node : node?.parentElement; element && path.length < LONGEST; ) {
    const id = element.getAttribute('id');
    path = element.localName + (id ? `#${id}` : element.classList.length ? `.${element.classList[0]}` : '') + (path && `>${path}`);
    element = id ? null : element.parentElement;
  }
  return path;
}

/** An address in a text, without query and fragment. */
export const bare = (url) => url?.split(/[?#]/)[0];
