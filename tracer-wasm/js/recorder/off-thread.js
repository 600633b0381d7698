// Masking and packing in a worker, which a policy may refuse: then the page does it itself, when it is idle.
import { packer } from './pack.js';

const { Blob, URL, Worker } = window;

/** What makes chunks as packer() does, `packed` off the page's thread; and what ends it. */
export function offThread() {
  const sheets = new Set();
  const here = packer(sheets);
  let worker;
  /** Makes the chunk that the worker was given last. */
  let instead = () => {};
  const stop = () => {
    worker?.terminate();
    worker = undefined;
  };
  try {
    const url = URL.createObjectURL(new Blob([THROUGHLINE_PACKER], { type: 'text/javascript' }));
    worker = new Worker(url);
    // A worker that is refused says so once, which may be before there is a chunk.
    worker.onerror = (event) => {
      event.preventDefault();
      stop();
      instead();
    };
    URL.revokeObjectURL(url);
  } catch {
    // No workers, or none that a page may write itself.
  }

  return {
    plain: here.plain,
    stop,

    /** One chunk at a time. */
    packed: (chunk) =>
      worker
        ? new Promise((resolve) => {
            worker.onmessage = ({ data }) => {
              for (const sheet of data.sheets) sheets.add(sheet);
              resolve(data);
            };
            instead = () => resolve(here.packed(chunk));
            worker.postMessage(chunk);
          })
        : here.packed(chunk),
  };
}
