// The same as js/globals.js for late/ and the recorder, which come behind the page's own code. What stands at the top of the
// document's own prototypes no page has replaced; the others are only found where a page's `class Map` hides them.
const { getPrototypeOf } = Object;
const { document } = window;

export const { constructor: Promise } = getPrototypeOf((async () => {})());
export const { constructor: Document } = getPrototypeOf(getPrototypeOf(document));
export const { constructor: Node } = getPrototypeOf(Document.prototype);
export const { constructor: EventTarget } = getPrototypeOf(Node.prototype);
const { createElement } = Document.prototype;
export const { constructor: Element } = getPrototypeOf(getPrototypeOf(getPrototypeOf(createElement.call(document, 'p'))));
export const { CSS, DocumentFragment, Map, MutationObserver, Set, TextEncoder, URL, WeakMap, performance } = window;
