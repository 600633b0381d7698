// The page inside of the viewer's session page that shows what a user saw.
//
//   viewer ── recording, more, show ──▶ player ── hello, ready, shown, failed ──▶ viewer
//
// It stands on a host name of its own, so that nothing of a recording can reach the viewer, and its policy lets it load
// and send nothing. It knows one viewer, by its exact origin, and asks no server: the viewer, which may read
// recordings, hands the events over. The viewer has the clock as well; the player follows it.
import { Screen } from './screen.js';

const viewer = document.documentElement.dataset.viewer;
const tell = (message) => window.parent.postMessage(message, viewer);

let screen = null;
let shown = null;
/** What is to be shown, of which only the newest counts: showing takes longer than dragging. */
let wanted = null;
let due = false;

/** Takes a recording in place of the one before. `events` is JSON in UTF-8, `scheme` the colours that the visitor prefers. */
function load({ stream, events, scheme }) {
  screen?.destroy();
  screen = null;
  shown = stream;
  document.body.replaceChildren();
  try {
    screen = new Screen(read(events), document.body, scheme);
    ready();
  } catch (error) {
    fail(error);
  }
}

/** Takes what was recorded since, of a page that is still open. */
function more({ stream, events }) {
  if (!screen || stream !== shown) return;
  try {
    screen.add(read(events));
    ready();
  } catch (error) {
    fail(error);
  }
}

const read = (events) => JSON.parse(new TextDecoder().decode(events));

function ready() {
  const { pictures, deeds } = screen;
  tell({ kind: 'ready', stream: shown, pictures, deeds });
}

function fail(error) {
  screen = null;
  tell({ kind: 'failed', reason: String(error?.message ?? error) });
}

function show() {
  due = false;
  if (!screen || !wanted) return;
  try {
    screen.show(wanted);
    tell({ kind: 'shown', at: wanted.at });
  } catch (error) {
    fail(error);
  }
}

function showSoon() {
  if (due) return;
  due = true;
  setTimeout(show);
}

window.addEventListener('message', ({ origin, source, data }) => {
  if (origin !== viewer || source !== window.parent) return;
  if (data?.kind === 'recording') load(data);
  else if (data?.kind === 'more') more(data);
  else if (data?.kind === 'show') wanted = { at: Number(data.at), playing: data.playing === true, speed: Number(data.speed) || 1 };
  else return;
  showSoon();
});
window.addEventListener('resize', () => screen?.fit());

// Opened by itself, it has nobody to talk to.
if (window.parent !== window) tell({ kind: 'hello' });
