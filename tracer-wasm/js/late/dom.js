// What late/ reads of the document besides js/dom.js, by the browser's own functions as well.
import { getter, method } from '../native.js';
import { typeOf } from './core.js';

export const before = getter(Element, 'previousElementSibling');
export const attached = getter(Node, 'isConnected');
export const textOf = getter(Node, 'textContent');
export const treeOf = method(Node, 'getRootNode');

const host = getter(window.ShadowRoot, 'host');
/** The element that a shadow tree in a document belongs to, be it of another frame; `document.host` is whatever the page has named so. */
export const hostOf = (tree) => (typeOf(tree) === 11 && attached(tree) ? host(tree) : undefined);

const findIn = [Element, Document, DocumentFragment].map((type) => method(type, 'querySelectorAll'));
/** All that a selector finds in an element, document or shadow root. */
export const find = (scope, selector) => findIn[{ 1: 0, 9: 1 }[typeOf(scope)] ?? 2](scope, selector);

const listIn = { 1: method(Element, 'getElementsByTagName'), 9: method(Document, 'getElementsByTagName') };
/** The elements of a tag in an element, document or shadow root, looked for no further than they are asked for. */
export const tagged = (scope, tag) => (listIn[typeOf(scope)] ?? find)(scope, tag);

const first = getter(Node, 'firstChild');
const next = getter(Node, 'nextSibling');
const parent = getter(Node, 'parentNode');
/**
 * Calls `visit(node)` for the elements and texts in an element, a hundred at most; where that returns something, not for those
 * within.
 */
export function descend(element, visit) {
  let left = 100;
  for (let at = first(element); at && left; ) {
    const isRead = typeOf(at) === 1 || typeOf(at) === 3;
    const isOver = isRead && visit(at);
    if (isRead && !isOver) left--;
    let after = !isOver && first(at);
    while (!after && at !== element) {
      after = next(at);
      if (!after) at = parent(at);
    }
    at = after;
  }
}
