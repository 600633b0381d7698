// Whether the tracer runs. Every patch asks before it does anything of its own, so that after a trap or a
// shutdown a patch that another library has wrapped, and that can therefore not be taken out, is a plain call.
export const state = {
  on: false,
  /** Whether the WASM instance has trapped: it must not be entered again. */
  broken: false,
};
