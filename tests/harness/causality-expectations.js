// What must hold of a run of the causality page, in any browser.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { expect, test } from '@playwright/test';

/**
 * What no mechanism can know: these requests may stand alone, but none may be given to an action that did not cause it,
 * unless it says itself that it is judged by its task.
 */
const HONEST = [
  // What follows the await of a value shares its checkpoint with others.
  [/^values?-(interleave|chains)/, ({ causality }) => (causality === 'exact' ? ['ok'] : ['ok', 'lost', 'wrong'])],
  // An interval keeps its action open until it has run once. On a busy machine the action may be quiet between two runs.
  [/^interval-cleared/, () => ['ok', 'lost']],
  // The second message is under way before the first is answered: nothing tells whose answer comes.
  [/^worker-overtaken/, () => ['ok', 'lost']],
  // This worker also speaks by itself.
  [/^worker-talkative/, () => ['ok', 'lost']],
];

/** Keeps every verdict, for those who want to know more than pass or fail. */
export async function keep(testInfo, name, result) {
  const file = testInfo.project.outputDir.replace(/[^/]*$/, `${name}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(result, null, 2));
  const made = Object.values(result.backgroundRequests).reduce((sum, count) => sum + count, 0);
  testInfo.annotations.push({
    type: 'causality',
    description: `${name}: ${result.ok} of ${result.cases.length} right, ${result.wrong} wrong; ${result.background} of ${made} background requests blamed`,
  });
}

/**
 * Every request was made, with every background source at work meanwhile; each belongs to its action, and none of the
 * background to any.
 *
 * @param {import('./causality.js').Result} result
 * @param {(blamed: Result['blamed'][number]) => boolean} [excused] whether a background request may be in an action's trace
 */
export async function expectRight(result, excused = () => false) {
  expect(result.cases.filter(({ verdict }) => verdict === 'missing').map(({ id }) => id)).toEqual([]);
  expect(Object.entries(result.backgroundRequests).filter(([, count]) => count === 0)).toEqual([]);
  expect(result.steps.length).toBeGreaterThan(0);
  for (const judged of result.cases) {
    const { id, verdict, causality, reason } = judged;
    const [, honest = () => ['ok']] = HONEST.find(([ids]) => ids.test(id)) ?? [];
    await test.step(`${id}: ${verdict} (${causality})`, () => {
      expect.soft(honest(judged), `${id}: ${verdict} (${causality}): ${reason}`).toContain(verdict);
    });
  }
  for (const { id, verdict, reason } of result.steps) expect.soft(verdict, `on the way to ${id}: ${reason}`).toBe('ok');
  const guilty = result.blamed.filter((blamed) => !excused(blamed));
  expect.soft(guilty, 'background requests in the trace of an action').toEqual([]);
}

/** What follows the await of a value is judged by its task, and says so. */
export const judgedByTask = ({ source, causality }) => source === 'await-value' && causality !== 'exact';
