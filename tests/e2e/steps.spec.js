// The step log: what an action's root says of its element leads back to that element, and to nothing that is private.

import { expect, press, test } from '../harness/fixtures.js';
import { lateHalf } from '../harness/late-half.js';

const PRIVATE = /Ann|Lee|John|Smith|Mary|Jones|Peter|hunter2|4111|example\.org/;

/** A selector of the step log as Playwright writes it. */
const locate = (page, selector) => page.locator(selector.replace(/(^|>> )testid=/g, '$1data-testid='));

/** Does `act` and returns the root of the action that it starts. */
async function rootOf(throughline, service, kind, act) {
  const seen = new Set((await throughline.tracesOf(service)).map((trace) => trace.traceId));
  await act();
  const isNew = (trace) => !seen.has(trace.traceId) && trace.roots[0].attributes['throughline.action'] === kind;
  const trace = await throughline.waitForTraceOf(service, isNew, `of a ${kind}`);
  return trace.roots[0];
}

const stepOf = ({ attributes }) =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => key.startsWith('throughline.step.'))
      .map(([key, value]) => [key.slice('throughline.step.'.length), value]),
  );

test('every selector of a click leads to its element alone', async ({ page, app, throughline, service, complaints }) => {
  await page.goto(app.publish('steps.html', { tag: throughline.tag(service, { 'data-mask': '.private' }) }));
  await lateHalf(page);
  for (const [name, spanName, first] of [
    ['navigation', 'Films', 'role=link[name="Films"]'],
    ['testid', 'Book Now', 'testid=book'],
    ['role', 'Send tickets', 'role=button[name="Send tickets"]'],
    ['aria', 'Close', 'role=button[name="Close"]'],
    ['value', 'Pay now', 'role=button[name="Pay now"]'],
    ['twin', 'Same', /^css=html/],
    ['twin-2', 'Same', /^css=html/],
    ['plain', 'div', /^css=html/],
    ['label', 'I accept the terms', 'text=I accept the terms'],
    ['svg', 'rect', /^css=html.*rect/],
    ['masked', 'button', /^css=/],
    ['partly', 'Hello', /^css=html/],
    ['icon', 'Print', 'role=button[name="Print"]'],
    ['blocks', 'OneTwo', /^css=html/],
    ['editable', 'span', /^css=/],
    ['person', 'a', /^css=#people/],
    ['person-2', 'a', /^css=#people/],
    ['person-3', 'Profile', 'role=link[name="Profile"]'],
    ['delete-1', 'Delete', 'testid=person-1 >> role=button[name="Delete"]'],
    ['delete-3', 'Delete', /^css=#people>.*tr:nth-of-type\(3\) >> role=button\[name="Delete"\]$/],
    ['in-clobbered', 'In a form', 'role=button[name="In a form"]'],
    ['shadow', 'Save card', 'css=#card >> role=button[name="Save card"]'],
    ['shadow-2', 'Again', /^css=#card >> css=/],
    ['long', /^click "x{47}…"$/, /^css=html/],
  ]) {
    await test.step(name, async () => {
      const element = page.locator(`[data-case="${name}"]`);
      const root = await rootOf(throughline, service, 'click', () => press(page, element));
      if (typeof spanName === 'string') expect(root.name).toBe(`click "${spanName}"`);
      else expect(root.name).toMatch(spanName);
      const { selectors, viewport, color_scheme, route, value } = stepOf(root);
      expect(selectors?.[0]).toEqual(typeof first === 'string' ? first : expect.stringMatching(first));
      expect({ viewport, color_scheme, route }).toEqual({ viewport: '1280x800', color_scheme: 'light', route: expect.stringContaining('/steps.html') });
      for (const selector of selectors) {
        expect(await locate(page, selector).count(), selector).toBe(1);
        expect(await locate(page, selector).evaluate((found) => found.closest('[data-case]').dataset.case), selector).toBe(name);
      }
      expect(JSON.stringify(root.attributes)).not.toMatch(PRIVATE);
      expect(root.name).not.toMatch(PRIVATE);
      expect(value).toBeUndefined();
    });
  }
  expect(complaints.errors).toEqual([]);
});

test('a page that has put something over its elements is neither asked nor disturbed', async ({ page, app, throughline, service, complaints }) => {
  // Named elements hide the document's own properties, also before the tag is read.
  const names = 'currentScript baseURI visibilityState prerendering addEventListener host hidden readyState'.split(' ');
  const hiding = names.map((name) => `<img name="${name}">`).join('');
  await page.goto(`${app.publish('steps.html', { tag: `<a id="throughline"></a>${hiding}${throughline.tag(service)}` })}?hostile`);
  await lateHalf(page);
  // Playwright cannot read such a page itself.
  const pressed = async (name) => {
    const [x, y] = await page.evaluate((wanted) => {
      const box = Element.prototype.getBoundingClientRect.call(Document.prototype.querySelector.call(document, `[data-case="${wanted}"]`));
      return [box.x + box.width / 2, box.y + box.height / 2];
    }, name);
    return rootOf(throughline, service, 'click', () => page.mouse.click(x, y));
  };
  for (const [name, selector] of [
    ['hostile', 'role=button[name="Hostile"]'],
    ['in-clobbered', 'role=button[name="In a form"]'],
    ['testid', 'testid=book'],
    ['twin', /^css=html/],
  ]) {
    const root = await pressed(name);
    expect(stepOf(root).selectors?.[0]).toEqual(typeof selector === 'string' ? selector : expect.stringMatching(selector));
  }
  await page.evaluate(() => window.useHostile());
  await app.waitForRequest('/api/focused');
  for (const name of ['img /api/no-image', 'script /api/no-script']) {
    await throughline.waitForTraceOf(service, ({ roots }) => roots[0].name === name, `of ${name}`);
  }
  expect(await page.evaluate(() => window.asked)).toBeUndefined();
  expect(complaints.errors).toEqual([]);
});

test('the element is looked at before the page changes it', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('steps.html', { tag: throughline.tag(service) }));
  await lateHalf(page);
  const root = await rootOf(throughline, service, 'click', () => press(page, page.locator('#changing')));
  await expect(page.locator('#changed')).toHaveText('After');
  expect(stepOf(root).selectors).toEqual(['role=button[name="Before"]', 'css=#changing']);
});

test('rows are told apart by what is unique of them', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('steps.html', { tag: throughline.tag(service) }));
  await lateHalf(page);
  const root = await rootOf(throughline, service, 'click', () => press(page, page.locator('[data-case=delete-2]')));
  const { row } = stepOf(root);
  expect(row).toEqual(['testid=person-2', expect.stringMatching(/^css=#people>.*tr:nth-of-type\(2\)$/)]);
  for (const selector of row) expect(await locate(page, selector).evaluate((found) => found.dataset.testid)).toBe('person-2');
});

test('a value is never told, only whose it is', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('steps.html', { tag: throughline.tag(service) }));
  await lateHalf(page);
  for (const [name, typed, value] of [
    ['email', 'ann@example.org', '{{input:email}}'],
    ['password', 'hunter2', '{{secret:password}}'],
    ['card', '4111 1111 1111 1111', '{{secret:card}}'],
    ['select', '', '{{input:film}}'],
  ]) {
    const field = page.locator(`[data-case="${name}"]`);
    const root = await rootOf(throughline, service, typed ? 'change' : 'keydown', async () => {
      if (typed) {
        await field.focus();
        await page.keyboard.insertText(typed);
        await field.blur();
      } else {
        await field.focus();
        await page.keyboard.press('ArrowDown');
      }
    });
    expect(stepOf(root).value).toBe(value);
    expect(JSON.stringify(root.attributes)).not.toMatch(PRIVATE);
  }
});

test('a drag says from where to where', async ({ page, app, throughline, service }) => {
  await page.goto(app.publish('steps.html', { tag: throughline.tag(service) }));
  await lateHalf(page);
  const root = await rootOf(throughline, service, 'drag', () => page.locator('#source').dragTo(page.locator('#target')));
  expect(stepOf(root)).toMatchObject({
    selectors: expect.arrayContaining(['testid=seat-from', 'css=#source']),
    target: expect.arrayContaining(['testid=seat-to', 'css=#target']),
  });
});
