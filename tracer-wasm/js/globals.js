// What is used of the browser's interfaces behind the start, as it was at the start. The build puts these in the globals' place: a
// page's `const URL = '/api'` hides the browser's from every script, and its `function Node() {}` is there instead.
export const { Node, URL } = globalThis;
