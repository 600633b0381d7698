// Loaded when it is needed.
export const saveLater = (run) => fetch(`/api/case/save?run=${run}`);
