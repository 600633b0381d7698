// What late/ sees of the tracer.
export { addPhases, addReport, addStatus, phasesOf, startClient } from './request.js';
export { hold, onAction, openActions, parentOf, rootOf } from './action.js';
export { above, attached, attribute, before, closest, find, matches, rootOf as treeOf, tagOf, textOf } from './dom.js';
export { actionAt, drain, listen, note, observe, ownerOf, prefixed } from './timeline.js';
export { capture } from './sampling.js';
export { FIELD, labelAt, labelOf, LONGEST, ROW } from './control.js';
export { countRecords } from './protobuf.js';
export { crowded } from './limit.js';
export { emit } from './logs.js';
export { current, enterTask } from './register.js';
export { epoch, now, started } from './clock.js';
export { hex } from './hex.js';
export { late } from './late.js';
export { method } from './patch.js';
export { onStop } from './stop.js';
export { options } from './options.js';
export { spans } from './spans.js';
export { state } from './state.js';
