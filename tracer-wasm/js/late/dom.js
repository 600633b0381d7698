// What late/ reads of the document besides js/dom.js, by the browser's own functions as well.
import { getter, method } from '../native.js';
import { typeOf } from './core.js';

export const before = getter(Element, 'previousElementSibling');
export const attached = getter(Node, 'isConnected');
export const textOf = getter(Node, 'textContent');
export const treeOf = method(Node, 'getRootNode');

const findIn = [Element, Document, DocumentFragment].map((type) => method(type, 'querySelectorAll'));
/** All that a selector finds in an element, document or shadow root. */
export const find = (scope, selector) => findIn[{ 1: 0, 9: 1 }[typeOf(scope)] ?? 2](scope, selector);

const listIn = { 1: method(Element, 'getElementsByTagName'), 9: method(Document, 'getElementsByTagName') };
/** The elements of a tag in an element, document or shadow root, looked for no further than they are asked for. */
export const tagged = (scope, tag) => (listIn[typeOf(scope)] ?? find)(scope, tag);

const walk = method(Document, 'createTreeWalker');
/** Calls `visit(node)` for the elements and texts in an element; where that returns something, not for those within. */
export function descend(element, visit) {
  const walker = walk(document, element, 5, (node) => (visit(node) ? 2 : 1));
  for (let nodes = 0; nodes < 100 && walker.nextNode(); ) nodes++;
}
