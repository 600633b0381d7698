'use strict';
// Cases of standards: each is a function that returns plain data, the same in every browser that keeps the standard. A
// page with the tag must return what the page without it does.
{
  const groups = {};
  const LONGEST_MILLIS = 8_000;

  window.told = (error) => (error instanceof Error || error instanceof DOMException ? `${error.name}: ${error.message}` : String(error));
  window.sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

  /** What a call gives or throws, at once or later. */
  window.outcome = async (call) => {
    let result;
    try {
      result = call();
    } catch (error) {
      return `throws ${window.told(error)}`;
    }
    if (!(result instanceof Promise)) return ['returns', result];
    return result.then(
      (value) => ['resolves', value],
      (error) => `rejects ${window.told(error)}`,
    );
  };

  /** What is said in the course of a case, in its order. */
  window.journal = () => {
    const said = [];
    const say = (text) => (...rest) => void said.push(['string', 'boolean'].includes(typeof rest[0]) ? `${text} ${rest[0]}` : text);
    return { said, say };
  };

  /** Adds cases to a group: `{ name: function }`. */
  window.cases = (group, more) => Object.assign((groups[group] ??= {}), more);

  /** Adds a case for each row: `row → [name, function]`. */
  window.table = (group, rows, make) => window.cases(group, Object.fromEntries(rows.map(make)));

  window.caseNames = () => Object.fromEntries(Object.entries(groups).map(([group, members]) => [group, Object.keys(members)]));

  window.runCases = async (group) => {
    const results = {};
    for (const [name, run] of Object.entries(groups[group])) {
      results[name] = await Promise.race([window.outcome(run), window.sleep(LONGEST_MILLIS).then(() => 'takes too long')]);
    }
    return JSON.parse(JSON.stringify(results, (key, value) => (value === undefined ? 'undefined' : value)));
  };
}
