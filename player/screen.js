// A recorded page, played by rrweb as far as it can do no harm, and fitted into the window.
import { Replayer } from '@rrweb/replay';
import { clean } from './clean.js';

const SNAPSHOT = 2;
const CHANGE = 3;
const META = 4;
/** Sources of changes that are the visitor's own doing: the mouse, scrolling, entering, touching, dragging. */
const DEEDS = [1, 2, 3, 5, 6, 12];
/** Deeds that are no further apart are one stretch. */
const PAUSE_MILLIS = 1_000;
/** A picture counts from the millisecond after it: at its own, rrweb still shows what was before. */
const PAST_MILLIS = 1;
/** At a speed of one, the player may be so far from the viewer's playhead before it jumps. */
const DRIFT_MILLIS = 400;

/** When the visitor did something: where each stretch begins and ends, one after the other, behind those that are known. */
function stretches(events, known = []) {
  const ends = [...known];
  for (const { type, timestamp, data } of events) {
    if (type !== CHANGE || !DEEDS.includes(data.source)) continue;
    // Movements are told when they are over.
    const begun = timestamp + Math.min(0, ...(data.positions ?? []).map(({ timeOffset }) => timeOffset));
    if (ends.length && begun - ends.at(-1) <= PAUSE_MILLIS) ends[ends.length - 1] = timestamp;
    else ends.push(begun, timestamp);
  }
  return ends;
}

const picturesOf = (events) => events.filter(({ type }) => type === SNAPSHOT).map(({ timestamp }) => timestamp);

/** rrweb's player, which leaves out what it cannot apply instead of coming to a halt. */
class Tolerant extends Replayer {
  applyIncremental(event, isSync) {
    try {
      super.applyIncremental(event, isSync);
    } catch {
      // Damaged or hostile; what follows may be neither.
    }
  }
}

export class Screen {
  /**
   * @param {unknown} recorded rrweb's events, as anybody may have made them
   * @param {Element} root where the page is shown
   * @param {'light' | 'dark' | null} [scheme] the colours that the visitor prefers; else those of whoever looks
   */
  constructor(recorded, root, scheme = null) {
    const events = clean(recorded, scheme);
    this.scheme = scheme;
    const pictures = picturesOf(events);
    if (!pictures.length) throw new Error('there is no whole picture of the page in what has arrived; the steps tell what was done');
    this.pictures = pictures;
    this.deeds = stretches(events);
    this.start = events[0].timestamp;
    this.end = events.at(-1).timestamp;
    this.playing = false;
    this.size = events.find(({ type }) => type === META)?.data ?? { width: 1280, height: 800 };
    this.replayer = new Tolerant(events, {
      root,
      mouseTail: false,
      showWarning: false,
      triggerFocus: false,
      skipInactive: false,
    });
    this.replayer.iframe.title = 'Recorded page';
    this.replayer.on('resize', (size) => {
      this.size = size;
      this.fit();
    });
    this.replayer.on('finish', () => (this.playing = false));
  }

  /** Takes what was recorded since. @param {unknown} recorded rrweb's events, as anybody may have made them */
  add(recorded) {
    const events = clean(recorded, this.scheme);
    if (!events.length) return;
    for (const event of events) this.replayer.addEvent(event);
    this.pictures = [...this.pictures, ...picturesOf(events)];
    this.deeds = stretches(events, this.deeds);
    this.end = Math.max(this.end, events.at(-1).timestamp);
  }

  /** Shows the page as it was at an instant, standing or going on from there. @param {{at: number, playing: boolean, speed: number}} wanted `at` in milliseconds of Unix time */
  show({ at, playing, speed }) {
    const [first] = this.pictures;
    const instant = Math.min(Math.max(at, first), this.end);
    const offset = instant - this.start + PAST_MILLIS;
    if (!playing || instant === this.end) {
      if (!this.playing && offset === this.offset) return;
      this.replayer.pause(offset);
      this.playing = false;
    } else {
      const drift = Math.abs(this.replayer.getCurrentTime() - offset);
      if (this.playing && speed === this.speed && drift <= DRIFT_MILLIS * speed) return;
      this.replayer.setConfig({ speed });
      this.replayer.play(offset);
      this.playing = true;
    }
    this.offset = offset;
    this.speed = speed;
  }

  /** As large as the window allows, and no larger than it was. */
  fit() {
    const { width, height } = this.size;
    const scale = Math.min(window.innerWidth / width, window.innerHeight / height, 1);
    const left = (window.innerWidth - width * scale) / 2;
    this.replayer.wrapper.style.transform = `translate(${left}px, 0) scale(${scale})`;
  }

  destroy() {
    this.replayer.destroy();
  }
}
