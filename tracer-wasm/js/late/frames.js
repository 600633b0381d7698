// Long animation frames with the scripts that made them long, and long tasks where the browser has no such frames: a
// span of the action that they belong to, else an event in the trace of nobody.
import { capture, crowded, epoch, note, prefixed, rootOf, spans } from './core.js';
import { observe, ownerOf } from './timeline.js';
import { bare } from './selector.js';
import { profile } from './profile.js';

const NAME = 'browser.long_animation_frame';
/** A frame that blocks for so long is worth an action's root, and the names of the functions that ran. */
const SLOW_MILLIS = 200;

const named = (values) => prefixed(`${NAME}.`, values);

function take(entry) {
  const { startTime, duration, blockingDuration = duration - 50, renderStart, styleAndLayoutStart, scripts = [] } = entry;
  const end = startTime + duration;
  const attributes = named({
    duration,
    blocking_duration: blockingDuration,
    render_duration: renderStart && end - renderStart,
    style_and_layout_duration: styleAndLayoutStart && end - styleAndLayoutStart,
  });
  const owner = ownerOf(end, entry.firstUIEventTimestamp);
  if (blockingDuration > SLOW_MILLIS) capture('slow');
  if (!owner) return crowded(1, NAME) || emit(NAME, 9, attributes, { time: startTime, context: null });
  if (blockingDuration > SLOW_MILLIS) {
    rootOf(owner);
    profile(owner, startTime, end);
  }
  note(owner, () => {
    const span = spans.start(rootOf(owner), epoch(startTime), 'long frame');
    spans.put(span, attributes);
    for (const { startTime: at, invoker, invokerType, sourceURL, sourceFunctionName, duration: took, forcedStyleAndLayoutDuration } of scripts) {
      spans.event(span, 'script', epoch(at), named({
        invoker: /script/.test(invokerType) ? bare(invoker) : invoker.split('?')[0],
        invoker_type: invokerType,
        source_url: bare(sourceURL),
        source_function_name: sourceFunctionName,
        duration: took,
        forced_style_and_layout_duration: forcedStyleAndLayoutDuration,
      }));
    }
    spans.end(span, epoch(end));
  });
}

export const followFrames = () => observe(NAME.slice(8).replaceAll('_', '-'), take) || observe('longtask', take);
