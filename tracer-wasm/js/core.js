// What late/ sees of the tracer.
import { Observer, addPhases, addReport, addStatus, phasesOf, startClient } from './request.js';
import { hold, onAction, openActions, parentOf, rootOf, startAction, wait } from './action.js';
import { above, attribute, closest, matches, tagOf, typeOf } from './dom.js';
import { careful, listen, note, prefixed } from './timeline.js';
import { capture } from './sampling.js';
import { nameControl } from './control.js';
import { consent } from './consent.js';
import { crowded } from './limit.js';
import { emit } from './logs.js';
import { send } from './exporter.js';
import { bindTask, current, enter, enterTask, runIn, scripts, soon } from './register.js';
import { epoch, now, started } from './clock.js';
import { late } from './late.js';
import { random } from './ids.js';
import { links } from './worker.js';
import { constructor, method } from './patch.js';
import { onStop } from './stop.js';
import { options } from './options.js';
import { shareSession } from './session.js';
import { spans } from './spans.js';
import { state } from './state.js';

/** In the order of late/core.js, which core.test.js sees to: names would be many bytes. */
export const core = [
  epoch,
  now,
  spans,
  started,
  consent,
  current,
  enterTask,
  hold,
  late,
  links,
  onAction,
  options,
  parentOf,
  shareSession,
  above,
  addPhases,
  addReport,
  addStatus,
  attribute,
  bindTask,
  capture,
  careful,
  closest,
  constructor,
  crowded,
  emit,
  enter,
  random,
  listen,
  matches,
  method,
  nameControl,
  note,
  onStop,
  openActions,
  phasesOf,
  prefixed,
  rootOf,
  runIn,
  scripts,
  soon,
  startAction,
  startClient,
  state,
  tagOf,
  typeOf,
  wait,
  send,
  Observer,
  URL,
];
