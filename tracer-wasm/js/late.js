// The half of the tracer that need not be there when the page's own code begins (late/): it reads what the browser has
// kept, follows what is rarely used, and is asked for when the browser is first idle or the user does something, two seconds
// after the start at the latest.
//
// Where it does not come (a blocker, a policy, a copy of the script that stands alone), what these hooks do is missing,
// and all else works.
/** So much is kept until late/ is there: where it does not come, for ever. */
const MOST_KEPT = 9;
const MOST_CALLS = 9_999;

/**
 * What late/ does, from the moment when it is there:
 *
 * - `loaded(action, tagWasLate)`: the load action has ended;
 * - `clicked(action, control, time)`: a control was clicked;
 * - `moved(gesture, event)`: the pointer moves while it is pressed;
 * - `pressable`: what is a control, as a selector;
 * - `nameOf(control)`: what to call a control; `isOther(gesture, field)`: whether a field is none of a gesture's;
 * - `begun(gesture, event)`: a gesture has begun; `step(action, control, ended)`: it means another control, or its drag
 *   has ended there;
 * - `entry(entry)`: an entry of the performance timeline that is no traced request's;
 * - `announce(link, [context, time])`: the page is about to post a message to a worker that is linked; `answered(link, event)`:
 *   such a worker has posted one; `dismiss(worker)`: the page ends a worker;
 * - `wentBack(event)`: the session's history has moved;
 * - `route(template)`: the page names its route;
 * - `losses(losses, record)`: metrics are asked for;
 * - `leaving()`: the page is about to go;
 * - `keep(parts)`, `delivered(parts)`, `unclaim()`, `takeOver()`: see late/vault.js.
 *
 * What cannot be missed is kept until then.
 */
export const late = {
  /** A worker says that it runs the tracer. */
  heard(event) {
    if (late.earlier.length < MOST_KEPT) late.earlier.push(event);
  },
  /** The workers that have said so. */
  earlier: [],
  /**
   * `beforeSend` is to see an operation with its arguments, which `pass` makes happen. Until it can, what is said is kept
   * and no record ends. Returns what `pass` does.
   */
  review(pass, call) {
    const [operation, handle, number, parent, second, third] = call;
    // The hook sees spans, events and log records (0 to 2), and what is said of them.
    if ((operation > 2 && operation < 6) || (operation > 15 && operation < 26)) return pass(...call);
    if (late.calls.length > MOST_CALLS) return 0;
    const opened = operation < 3 ? pass(operation, handle, number, parent, second, operation ? '' : third) : 0;
    late.calls.push([pass, call, opened]);
    return opened;
  },
  /** The operations that it has not seen yet. */
  calls: [],
  /** A request was refused, or not all of it taken. Returns how many records were lost, where that is known. */
  refuse(...refusal) {
    if (late.refusals.length < MOST_KEPT) late.refusals.push(refusal);
  },
  /** The refusals (signal, request, answer) that were not counted yet. */
  refusals: [],
};
