// A control that is there and cannot be used: a re-run says in words what stands in its way.

import { expect, test } from '../harness/fixtures.js';
import { OtherBuild, recordBooking, replay } from '../harness/replay.js';
import { Shop } from '../harness/shop.js';

/** The shop's script, with a line of its own at the end. */
const withLine = (line) => (text) => (text.includes('function markSold') ? `${text}\n${line}` : text);

const byTestId = (id) => `document.querySelector('[data-testid=${id}]')`;

test('a seat that is taken, and controls that are covered, hidden, read-only, out of reach or switched off', async ({ page, throughline }) => {
  test.setTimeout(240_000);
  const shop = await Shop.start(throughline);
  const again = async (env) => {
    const run = await replay(session, { server: throughline.viewerUrl, env, args: ['--allow-writes', '--timeout', '3s', '--no-publish'] });
    expect({ code: run.code, verdict: run.outcome?.verdict }, run.stderr).toEqual({ code: 4, verdict: 'DIVERGED' });
    return { ...run.outcome.runs[0].steps.at(-1), steps: run.outcome.runs[0].steps, notCompared: run.outcome.notCompared, said: run.stdout };
  };
  let session;
  try {
    await page.emulateMedia({ colorScheme: 'dark' });
    session = await recordBooking(page, shop.url, throughline);

    await test.step('the seat is taken', async () => {
      const taken = await again(shop.url);
      expect(taken.name).toContain('Row C, seat 3');
      expect(taken.diverged).toMatch(/^the element is disabled: .*--before-run/);
      expect(taken.diverged).not.toContain('Timeout');
      // What comes behind it was never done, and is not told as if it had been.
      const behind = taken.notCompared.filter((line) => line.includes('not done'));
      expect(behind).toEqual([expect.stringMatching(new RegExp(`^steps ${taken.number + 1} to \\d+ were not done: step ${taken.number} before could not be$`))]);
      const quiet = taken.notCompared.find((line) => line.startsWith('nothing to compare with')) ?? '';
      for (const number of quiet.match(/\d+/g) ?? []) expect(Number(number)).toBeLessThan(taken.number);
    });

    for (const [what, line, step, why] of [
      ['covered', `const banner = document.createElement('div'); banner.textContent = 'We value your privacy'; Object.assign(banner.style, { position: 'fixed', inset: 0, zIndex: 99 }); document.body.append(banner);`, /Night Signal/, /covered by <div> "We value your privacy": have it closed before/],
      ['in the visitor’s colours', `const banner = document.createElement('div'); banner.textContent = matchMedia('(prefers-color-scheme: dark)').matches ? 'In the dark' : 'In the light'; Object.assign(banner.style, { position: 'fixed', inset: 0, zIndex: 99 }); document.body.append(banner);`, /Night Signal/, /covered by <div> "In the dark"/],
      ['hidden', `${byTestId('name')}.parentElement.style.display = 'none';`, /name/i, /hidden: <\w+> .* has display: none/],
      ['read-only', `${byTestId('email')}.readOnly = true;`, /mail/i, /read-only and takes no text/],
      ['outside the view', `Object.assign(${byTestId('book')}.style, { position: 'fixed', left: '-5000px' });`, /Book Now/, /outside the view of \d+ × \d+, and scrolling/],
      ['disabled', `${byTestId('book')}.disabled = true;`, /Book Now/, /disabled: begin in the state/],
    ]) {
      await test.step(what, async () => {
        const fresh = await Shop.start(throughline);
        const front = await OtherBuild.before(fresh.url, { rewrite: withLine(line) });
        try {
          const found = await again(front.url);
          expect(found.name).toMatch(step);
          expect(found.diverged).toMatch(why);
          expect(found.diverged).toMatch(/^the element is /);
        } finally {
          await front.dispose();
          await fresh.dispose();
        }
      });
    }
  } finally {
    await shop.dispose();
  }
});
