// The document as the browser reads it, whatever the page has put over it: a form's field named `getAttribute` hides
// the form's method, and a script may define anything on an element of its own.
import { getter, method } from './native.js';

export const attribute = method(Element, 'getAttribute');
export const closest = method(Element, 'closest');
export const matches = method(Element, 'matches');
export const tagOf = getter(Element, 'localName');
export const typeOf = getter(Node, 'nodeType');
export const above = getter(Node, 'parentElement');
export const pathOf = method(Event, 'composedPath');
