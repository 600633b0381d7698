// The browser's performance timeline, and the action that an entry of it belongs to.
import { Observer, careful, onStop, openActions, runIn } from './core.js';

/** What hands over the entries that the browser still holds back. */
const drains = [];

/** Calls `take(entry)` for each entry of a type, the earlier ones too. Returns whether the browser has such entries. */
export function observe(type, take, options) {
  if (!Observer?.supportedEntryTypes?.includes(type)) return false;
  const each = careful(take);
  const observer = new Observer((list) => runIn(null, () => list.getEntries().forEach(each)));
  observer.observe({ type, buffered: true, ...options });
  drains.push(() => observer.takeRecords().forEach(each));
  onStop(() => observer.disconnect());
  return true;
}

/** Takes at once what the observers would be told in a later task. */
export const drain = () => drains.forEach((take) => take());

/** The open action whose gesture had an event at this time. */
export function actionAt(time) {
  for (const action of openActions()) if (action.event && action.begun <= time && time <= action.seen) return action;
}

/** The one action that was open before `end`; where there were more, the one whose gesture had an event at `time`. */
export function ownerOf(end, time) {
  const [only, another] = [...openActions()].filter(({ start }) => start <= end);
  return another ? actionAt(time) : only;
}
