// The demo's faults, switched on one after the other: the first screen of the trace names the cause, without a click.

import { book, fault, fillIn } from '../harness/booking.js';
import { expect, test } from '../harness/fixtures.js';
import { BROWSER_SERVICE } from '../harness/shop.js';

/**
 * The service whose span arrives last, and what stands over the timeline (its sentence, where the fault decides what that is about; a chip; a button
 * beside them) and in the story.
 */
const FAULTS = {
  'slow-payment': {
    last: 'ticketing',
    sentence: /payment waiting for POST \/acquirer\/charge/,
    chip: /3 tries\s*POST \/acquirer\/charge/,
    story: /payment tried POST \/acquirer\/charge 3 times before it succeeded/,
  },
  'seat-conflict': {
    last: 'seating',
    sentence: /INSERT allocations.* failed with constraint_violation/,
    chip: /constraint_violation\s*INSERT allocations/,
    story: /INSERT allocations in seating failed: .*, and took .*validation.* with it/,
  },
  'n-plus-one': {
    last: 'ticketing',
    chip: /N\+1\s*×\d+\s*SELECT seats/,
    story: /booking ran SELECT seats \d+ times one after another/,
  },
  'crash-ticket': {
    last: 'ticketing',
    sentence: /render PDF.* failed with panic/,
    chip: /panic\s*render PDF/,
    story: /render PDF in ticketing failed: .* cannot be printed/,
  },
  'clock-skew': {
    last: 'ticketing',
    chip: /Clocks disagree\s*seating −3\sm/,
    beside: /Adjust clocks: seating −3 m/,
    story: /The clock of seating is .* behind payment's/,
  },
};

for (const [name, { last, sentence, chip, beside, story }] of Object.entries(FAULTS)) {
  test(`${name} is named by the first screen of the trace`, async ({ page, shop, throughline }) => {
    await fillIn(page, shop);
    await fault(page, name);
    const id = await book(page);
    const ofBrowser = (trace) => trace.find({ service: BROWSER_SERVICE, kind: 'internal' }) && trace.find({ service: BROWSER_SERVICE, name: 'POST /api/bookings' });
    await throughline.waitForTrace(id, (trace) => Boolean(ofBrowser(trace) && trace.find({ service: last, kind: 'server' })));
    await page.goto(`${throughline.viewerUrl}/trace/${id}`);
    const found = page.locator('.trace__found');
    if (sentence) await expect(found).toContainText(sentence);
    const cause = found.getByRole('button').filter({ hasText: chip });
    await expect(cause).toBeInViewport();
    if (beside) await expect(page.getByRole('button', { name: beside })).toBeInViewport();
    await page.goto(`${throughline.viewerUrl}/trace/${id}/story`);
    await expect(page.locator('.sentence').filter({ hasText: story }).first()).toBeVisible();
  });
}
