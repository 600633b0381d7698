// Seen by every script of the page, before the browser's own.
const URL = '/api/own';
const CSS = 'button { color: red }';
const crypto = ['btc', 'eth'];
const performance = 'the best';
class Map {}
class Set {}
class Proxy {}
class WeakMap {}
class MutationObserver {}
class History {}
class Event {}
// In the place of the browser's own.
function Node(value) {
  this.value = value;
}
function Element() {}
function EventTarget() {}
