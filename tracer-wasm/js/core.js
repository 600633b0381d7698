// What late/ sees of the tracer.
import { addPhases, addReport, addStatus, phasesOf, startClient } from './request.js';
import { hold, onAction, openActions, parentOf, rootOf } from './action.js';
import { above, attached, attribute, before, closest, find, matches, rootOf as treeOf, tagOf, textOf } from './dom.js';
import { actionAt, drain, listen, note, observe, ownerOf, prefixed } from './timeline.js';
import { capture } from './sampling.js';
import { FIELD, labelAt, labelOf, LONGEST, ROW } from './control.js';
import { countRecords } from './protobuf.js';
import { crowded } from './limit.js';
import { emit } from './logs.js';
import { current, enterTask } from './register.js';
import { epoch, now, started } from './clock.js';
import { hex } from './hex.js';
import { late } from './late.js';
import { method } from './patch.js';
import { onStop } from './stop.js';
import { options } from './options.js';
import { spans } from './spans.js';
import { state } from './state.js';

/** In the order of late/core.js, which core.test.js sees to: names would be many bytes. */
export const core = [
  epoch,
  now,
  spans,
  started,
  above,
  actionAt,
  addPhases,
  addReport,
  addStatus,
  attached,
  attribute,
  before,
  capture,
  closest,
  countRecords,
  crowded,
  current,
  drain,
  emit,
  enterTask,
  FIELD,
  find,
  hex,
  hold,
  labelAt,
  labelOf,
  late,
  listen,
  LONGEST,
  matches,
  method,
  note,
  observe,
  onAction,
  onStop,
  openActions,
  options,
  ownerOf,
  parentOf,
  phasesOf,
  prefixed,
  rootOf,
  ROW,
  startClient,
  state,
  tagOf,
  textOf,
  treeOf,
];
