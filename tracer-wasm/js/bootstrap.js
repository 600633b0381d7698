// How the script starts: this file is its outermost text, and the bundle of main.js takes the program's place.
//
// Browsers mute the errors of a script from another origin that was loaded without `crossorigin`. The page's calls go
// through this script, so the page would no longer hear of its own errors ("Script error.", no `unhandledrejection`).
// The program is then run again as an inline script, which belongs to the page. Where a policy forbids that, it
// runs as it is; `crossorigin` on the tag avoids the detour.
((program) => {
  try {
    const script = Reflect.get(Document.prototype, 'currentScript', document);
    if (script?.src && script.crossOrigin === null && new URL(script.src).origin !== location.origin) {
      const inline = document.createElement('script');
      inline.throughline = script;
      inline.nonce = script.nonce;
      inline.textContent = `(${program})()`;
      document.documentElement.append(inline);
      inline.remove();
    }
  } catch {
    // Trusted Types: a text is no script here. Or a page's `const URL` is there instead.
  }
  // An element's id may be this name as well.
  if (!window.throughline?.version) program();
})(THROUGHLINE_PROGRAM);
