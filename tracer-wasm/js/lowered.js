// What `throughline.csp.js` has instead of the browser's `WebAssembly`: the module lowered to JavaScript by wasm2js,
// for pages whose policy refuses WebAssembly. The build puts wasm2js's functions in the place of the call below.
//
// Invariant: the program cannot tell the two apart. When memory grows, the buffer that it had is detached, since
// wasm-bindgen's views look for just that.
export const WebAssembly = (() => {
  THROUGHLINE_LOWERED();

  return {
    Module: class {},
    Instance: class {
      constructor(module, imports) {
        this.exports = asmFunc(imports);
      }
    },
    CompileError: class extends Error {},
  };
})();
