// What every application shares: the backend's addresses, and the pace of what runs in the background.
//
// The path of a request says which control causes it; tests/harness/causality.js judges it by that name.

const run = new URLSearchParams(location.search).get('run');

/** Whether the pollers run. */
export const background = new URLSearchParams(location.search).get('background') === '1';

/** The address of the request that a case ends in. */
export const caseUrl = (id) => `/api/case/${id}?run=${run}`;

/** The address of a request on the way there; answered `delay` milliseconds later, with what `more` asks for. */
export const stepUrl = (id, delay = 0, more = '') => `/api/step/${id}?run=${run}&delay=${delay}${more}`;

export const finish = (id) => fetch(caseUrl(id)).then((response) => response.json());
export const step = (id, delay, more) => fetch(stepUrl(id, delay, more)).then((response) => response.json());
export const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** The address of a poller's request. */
export const backgroundUrl = (source) => `/api/background/${source}?run=${run}`;

const unanswered = new Set();

/**
 * A poller's request. A source has one under way at most: the connection pool is the page's too, and a busy machine
 * answers slowly.
 */
export async function ask(source) {
  if (unanswered.has(source)) return;
  unanswered.add(source);
  try {
    await fetch(backgroundUrl(source)).then((response) => response.text());
  } finally {
    unanswered.delete(source);
  }
}

/** A WebSocket that the server sends a heartbeat on. */
export const heartbeat = () => new WebSocket(`ws://${location.host}/socket?every=105`);

/** How often a poller looks, in milliseconds. */
export const POLL_MILLIS = 115;

/** Says that the application is there, with all its controls. */
export const ready = () => document.body.setAttribute('data-application', 'ready');
