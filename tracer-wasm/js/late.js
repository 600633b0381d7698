// The half of the tracer that need not be there when the page's own code begins (late/): it reads what the browser has
// kept, and is asked for when the browser is first idle, two seconds after the start at the latest.
//
// Where it does not come (a blocker, a policy, a copy of the script that stands alone), what these hooks do is missing,
// and all else works.
/** What late/ puts something in the place of. */
export const late = {
  /** The load action has ended: `(action, tagWasLate)`. */
  loaded() {},
  /** A control was clicked: `(action, control, time)`. */
  clicked() {},
  /** A gesture means a control: `(action, control)`; or its drag has ended there: `(action, control, true)`. */
  step() {},
  /** An entry of the performance timeline that is no traced request's. */
  entry() {},
  /** The page names its route: `(template)`. */
  route() {},
  /** Metrics are asked for: `(losses, record)`. Until then, what was lost is counted and kept. */
  losses() {},
  /** The page is about to go. */
  leaving() {},
  /** The vault: see late/vault.js. */
  keep() {},
  forget() {},
  unclaim() {},
  adopt: async () => [],
};
