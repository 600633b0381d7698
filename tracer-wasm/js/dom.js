// The document as the browser reads it, whatever the page has put over it: a form's field named `getAttribute` hides
// the form's method, and a script may define anything on an element of its own.
const { call } = Function.prototype;
const method = (type, name) => call.bind(type.prototype[name]);
const getter = (type, name) => call.bind(Object.getOwnPropertyDescriptor(type.prototype, name).get);

export const attribute = method(Element, 'getAttribute');
export const closest = method(Element, 'closest');
export const matches = method(Element, 'matches');
export const tagOf = getter(Element, 'localName');
export const before = getter(Element, 'previousElementSibling');
export const typeOf = getter(Node, 'nodeType');
export const above = getter(Node, 'parentElement');
export const attached = getter(Node, 'isConnected');
export const textOf = getter(Node, 'textContent');
export const rootOf = method(Node, 'getRootNode');
export const pathOf = method(Event, 'composedPath');

const findIn = [Element, Document, DocumentFragment].map((type) => method(type, 'querySelectorAll'));
/** All that a selector finds in an element, document or shadow root. */
export const find = (scope, selector) => findIn[{ 1: 0, 9: 1 }[typeOf(scope)] ?? 2](scope, selector);

const walk = method(Document, 'createTreeWalker');
/** Calls `visit(node)` for the elements and texts in an element; where that returns something, not for those within. */
export function descend(element, visit) {
  const walker = walk(document, element, 5, (node) => (visit(node) ? 2 : 1));
  for (let nodes = 0; nodes < 100 && walker.nextNode(); ) nodes++;
}
