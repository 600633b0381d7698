// What standards say of the functions that the tracer patches holds with the tag as it does without: the same values,
// the same errors, the same order.
//
// Nothing may differ but what `DIFFERS` names.

import { expect, press, test } from '../harness/fixtures.js';

const GROUPS = [
  'fetch: methods', 'fetch: init members', 'fetch: bodies', 'fetch: Request', 'fetch: answers', 'fetch: abort', 'fetch: called',
  'xhr: events', 'xhr: refused', 'xhr: types', 'xhr: bodies', 'xhr: states',
  'order: ticks', 'order: two chains', 'order: tasks', 'order: messages', 'order: rejections', 'order: errors',
];

/**
 * While an action is open, the page's load among them, V8 leaves the `at async …` lines out of `error.stack`: it follows a promise to the function that awaits
 * it only where that is the promise's one reaction, and the tracer's is another. The lines above them, the message and
 * the error itself are as without the tag, and so is what the developer tools show, which keep their own record.
 */
const DIFFERS = { 'the stack of an error in an async function': ['resolves', ['at inner']] };

/** What legitimately differs between two pages, whoever serves them. */
const comparable = (value) =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/\/p\/\d+\//g, '/p/')
      .replaceAll(/blob:[^"\\ ]+/g, 'blob')
      // Chromium itself says this or not, as the body arrives.
      .replaceAll("Failed to execute 'json' on 'Response': ", ''),
  );

async function outcomes(page, url, group, inAction) {
  await page.goto(url);
  if (!inAction) return page.evaluate((wanted) => window.runCases(wanted), group);
  await page.evaluate((wanted) => {
    window.wanted = wanted;
  }, group);
  await press(page, page.locator('#run'));
  return page.evaluate(() => window.outcomes);
}

test('there are cases enough, and the groups are all of them', async ({ page, app }) => {
  await page.goto(app.publish('wpt.html'));
  const names = await page.evaluate(() => window.caseNames());
  expect(Object.keys(names)).toEqual(GROUPS);
  expect(Object.values(names).flat().length).toBeGreaterThan(250);
});

for (const group of GROUPS) {
  test(`${group}: as without the tag`, async ({ page, app, throughline, service }) => {
    test.setTimeout(240_000);
    const without = comparable(await outcomes(page, app.publish('wpt.html'), group, false));
    const traced = app.publish('wpt.html', { tag: throughline.tag(service) });
    for (const inAction of [false, true]) {
      const within = comparable(await outcomes(page, traced, group, inAction));
      expect(await page.evaluate(() => typeof window.throughline?.version)).toBe('string');
      expect(Object.keys(within)).toEqual(Object.keys(without));
      for (const [name, value] of Object.entries(without)) {
        const title = `${name}${inAction ? ', in a click' : ''}`;
        if (!(name in DIFFERS)) expect.soft(within[name], title).toEqual(value);
        else if (inAction) expect.soft(within[name], title).toEqual(DIFFERS[name]);
        else expect.soft([value, DIFFERS[name]], title).toContainEqual(within[name]);
      }
    }
  });
}
