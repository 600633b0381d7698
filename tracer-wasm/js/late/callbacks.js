// Functions that are handed to the browser, to be called later: they run in the context in which they were handed over.
import { bindTask, constructor, current, method, runIn, wait } from './core.js';

/** Methods that take such functions, as arguments or as members of a plain object. */
const TAKERS =
  'Geolocation.getCurrentPosition Geolocation.watchPosition LockManager.request HTMLCanvasElement.toBlob HTMLVideoElement.requestVideoFrameCallback Document.startViewTransition NavigateEvent.intercept Notification.requestPermission FileSystemFileEntry.file FileSystemDirectoryReader.readEntries'.split(
    ' ',
  );

/** What a stream reads of the object that it is made from, in the order in which it does. */
const MEMBERS = 'abort autoAllocateChunkSize cancel close flush pull readableType start transform type writableType write'.split(' ');

/** An object's members, with its functions as `bind` makes them. */
function members(object, keys, bind) {
  const copy = {};
  for (const key of keys) {
    const value = object[key];
    if (value !== undefined) copy[key] = typeof value === 'function' ? bind(value) : value;
  }
  return copy;
}

export function followCallbacks() {
  for (const taker of TAKERS) {
    const [name, key] = taker.split('.');
    const instead = (original, self, args) => {
      const context = current();
      const release = wait(context);
      const bind = (callback) => bindTask(callback, context, release);
      const bound = [...args].map((argument) =>
        argument && Object.getPrototypeOf(argument) === Object.prototype
          ? members(argument, Object.keys(argument), bind)
          : bind(argument),
      );
      return original.apply(self, bound);
    };
    const owner = window[name];
    method(owner, key, instead);
    method(owner?.prototype, key, instead);
  }

  // A stream calls these whenever a chunk is there, which is nobody's task.
  for (const name of ['WritableStream', 'TransformStream']) {
    constructor(window, name, ([object, ...rest], make) => {
      const context = current();
      const bind = (callback) =>
        function () {
          return runIn(context, () => callback.apply(object, arguments));
        };
      return make([object && typeof object === 'object' ? members(object, MEMBERS, bind) : object, ...rest]);
    });
  }
}
