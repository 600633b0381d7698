// The browser's own methods and getters as functions of their object: what the page puts over them later is not called.
export const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
export const { addEventListener } = EventTarget.prototype;
const { call } = Function.prototype;
export const method = (type, name) => call.bind(type.prototype[name]);
export const getter = (type, name) => call.bind(getOwnPropertyDescriptor(type.prototype, name)?.get);

/** What an object says of itself by its prototype: an image named `baseURI` hides the document's. */
export const genuine = (object, key) => Reflect.get(getPrototypeOf(object), key, object);
