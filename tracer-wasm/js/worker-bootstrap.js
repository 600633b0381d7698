// How throughline.worker.js starts: this file is its outermost text, and the bundle of worker-main.js takes the
// program's place.
//
// Browsers mute the errors of a script that `importScripts` took from another origin, and the worker's calls go through
// this one. The program is then run again from a blob, which belongs to the worker; where a policy forbids that, it
// runs as it is. A module is never muted.
//
// Where this script is the worker itself (`new Worker('/throughline.worker.js#/worker.js')`), it loads the worker that
// the fragment names.
((program) => {
  if (self.throughline) return;
  try {
    const [from] = /https?:\/\/[^\s()]+?(?=:\d+:\d+\)?$)/m.exec(new Error().stack);
    if (new URL(from).origin !== location.origin) {
      const url = URL.createObjectURL(new Blob([`(${program})()`], { type: 'text/javascript' }));
      try {
        importScripts(url);
      } finally {
        URL.revokeObjectURL(url);
      }
    }
  } catch {
    // A module, or a policy.
  }
  if (!self.throughline) program();
  if (/\/throughline\.worker[^/]*\.js$/.test(location.pathname) && location.hash) importScripts(location.hash.slice(1));
})(THROUGHLINE_PROGRAM);
