// Walks a page with the keyboard alone, as somebody does who has no pointer: what is there to be used, what of it is reached,
// whether it is seen where the focus is, and whether anything keeps the focus.

import { until } from './poll.js';

/** What is to be used, in HTML and ARIA. */
const CONTROLS = `button, a[href], input:not([type=hidden]), select, textarea, summary, [contenteditable], [tabindex="0"], [role=row][tabindex],
  [role=button], [role=tab], [role=treeitem], [role=link], [role=checkbox], [role=radio], [role=switch], [role=option], [role=menuitem], [role=slider]`;

/** Widgets within which the arrow keys move (ARIA Authoring Practices). */
const COMPOSITES = '[role=tablist], [role=treegrid], [role=radiogroup]';

/** More controls than any page has. */
const MOST = 900;
/** And more than a page in a frame has. */
const MOST_IN_FRAMES = 50;

/**
 * Keeps, from the next page on, what the page's own code listens on for a pointer.
 *
 * @param {import('@playwright/test').Page} page
 */
export async function noteListeners(page) {
  await page.addInitScript(
    ({ controls, composites }) => {
      const pressed = new Set();
      const add = EventTarget.prototype.addEventListener;
      EventTarget.prototype.addEventListener = function (kind, ...rest) {
        if (this instanceof Element && ['click', 'dblclick', 'mousedown', 'pointerdown', 'touchstart'].includes(kind)) pressed.add(new WeakRef(this));
        return add.call(this, kind, ...rest);
      };
      /** What stays itself when its picture is drawn anew. */
      const self = (element) => (element.hasAttribute('data-pick') ? `${element.tagName} ${element.getAttribute('data-pick')} ${told(element)}` : element);
      /** By any key, and by this walk. */
      const reached = new Set();
      const walked = new Set();
      const before = new Map();
      const shows = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0 && element.getBoundingClientRect().width > 0;
      const told = (element) => {
        const text = (element.getAttribute('aria-label') || element.textContent).trim().slice(0, 40);
        return `${element.tagName.toLowerCase()}${element.id && `#${element.id}`}${[...element.classList].map((name) => `.${name}`).join('')} “${text}”`;
      };
      const looks = (element) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor, stroke, strokeWidth } = getComputedStyle(element);
        return JSON.stringify([outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor, stroke, strokeWidth]);
      };
      const around = (element) => [element, element.parentElement, element.parentElement?.parentElement, ...[...element.querySelectorAll('*')].slice(0, 8)].filter(Boolean);
      /** What is seen of a rectangle through everything that clips an element. */
      const seen = (element, { left, top, right, bottom }) => {
        const rest = { left: Math.max(left, 0), top: Math.max(top, 0), right: Math.min(right, innerWidth), bottom: Math.min(bottom, innerHeight) };
        for (let above = element.parentElement; above && above !== document.documentElement; above = above.parentElement) {
          const { overflowX, overflowY } = getComputedStyle(above);
          const box = above.getBoundingClientRect();
          if (overflowX !== 'visible') [rest.left, rest.right] = [Math.max(rest.left, box.left), Math.min(rest.right, box.right)];
          if (overflowY !== 'visible') [rest.top, rest.bottom] = [Math.max(rest.top, box.top), Math.min(rest.bottom, box.bottom)];
        }
        return rest;
      };
      /** Why it is not seen that an element has the focus; nothing where it is. */
      const unseen = (element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        // A line has no height.
        const box = { left: left - 1, top: top - 1, right: right + 1, bottom: bottom + 1 };
        const style = getComputedStyle(element);
        const middle = seen(element, box);
        if (middle.right - middle.left < 1 || middle.bottom - middle.top < 1) return 'out of sight';
        const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [middle.left + x * (middle.right - middle.left), middle.top + y * (middle.bottom - middle.top)]));
        const open = points.some(([x, y]) => {
          const hit = document.elementFromPoint(x, y);
          return hit && (element.contains(hit) || hit.contains(element) || hit.closest('label')?.contains(element) || style.pointerEvents === 'none' || hit.closest('[aria-hidden]'));
        });
        if (!open) return 'below something else';
        if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) {
          const by = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset) - 1;
          const ring = { left: box.left - by, top: box.top - by, right: box.right + by, bottom: box.bottom + by };
          const rest = seen(element, ring);
          const sides = ['left', 'top', 'right', 'bottom'].filter((side) => Math.abs(rest[side] - ring[side]) < 1);
          // Of what is larger than its frame one side has to do.
          const frame = seen(element, { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 });
          const larger = ring.right - ring.left > frame.right - frame.left || ring.bottom - ring.top > frame.bottom - frame.top;
          return sides.length >= (larger ? 1 : 2) ? undefined : `its outline is cut, all but ${sides.join(' and ') || 'nothing'}`;
        }
        const now = around(element).map(looks).join();
        return before.has(self(element)) && before.get(self(element)) !== now ? undefined : 'nothing changes';
      };
      /** Of widgets within which arrow keys move. */
      const group = (element) => element.closest(composites);
      globalThis.keyboard = {
        /** Forgets earlier walks, and keeps how everything looks that has no focus. @param {string} [root] within what */
        begin(root) {
          document.activeElement?.blur();
          for (const kept of [reached, walked, before]) kept.clear();
          for (const control of document.querySelectorAll(controls)) before.set(self(control), around(control).map(looks).join());
          this.root = root ? document.querySelector(root) : document;
        },
        /** The widgets within which arrow keys move, and how many parts each has. */
        groups() {
          const within = [...this.root.querySelectorAll(composites)];
          return within.map((element) => ({ role: shows(element) ? element.getAttribute('role') : 'hidden', told: told(element), parts: element.querySelectorAll('[role=tab], [role=row]:not([hidden]), [role=radio]').length }));
        },
        /** Gives the focus to the part of a widget that Tab stops at. */
        enter(place) {
          this.root.querySelectorAll(composites)[place].querySelector('[tabindex="0"]')?.focus();
        },
        /** Begins with the round that Tab makes. */
        round: () => walked.clear(),
        /** Where the focus is now. */
        here() {
          const element = document.activeElement;
          if (!element || element === document.body || element === document.documentElement) return null;
          const again = walked.has(self(element));
          const known = reached.has(self(element));
          walked.add(self(element));
          reached.add(self(element));
          return { again, frame: element.tagName === 'IFRAME', told: told(element), unseen: known ? undefined : unseen(element) };
        },
        /** What no key reached. @param {string[]} apart selectors */
        rest(apart) {
          const all = () => [...reached].filter((one) => one instanceof Element);
          const held = (element) => reached.has(self(element)) || all().some((one) => element.contains(one)) || [...element.querySelectorAll('[data-pick]')].some((part) => reached.has(self(part)));
          // Rows come and go while one walks: whether arrow keys go through them is looked at apart from this.
          const walks = (element) => element.matches('[role=row]') && all().some((one) => one.matches('[role=row]') && group(one) === group(element));
          const radio = (element) => element.matches('input[type=radio]') && all().some((one) => one.name === element.name && one.type === 'radio');
          const there = new Set(this.root.querySelectorAll(controls));
          for (const element of [...pressed].map((reference) => reference.deref())) if (element?.isConnected && this.root.contains(element)) there.add(element);
          const missing = [...there].filter((element) => shows(element) && !element.matches(':disabled') && !element.closest('[inert]') && !apart.some((selector) => element.matches(selector)));
          return missing.filter((element) => !held(element) && !walks(element) && !radio(element)).map(told);
        },
      };
    },
    { controls: CONTROLS, composites: COMPOSITES },
  );
}

/** What is wrong where the focus is now. */
const judge = (here, faults) => here?.unseen && faults.push(`${here.told}: ${here.unseen} when it has the focus`);

/** Goes through a page with Tab until the focus is where it was before. */
async function tab(page, faults) {
  await page.evaluate(() => globalThis.keyboard.round());
  let inside = 0;
  let nowhere = false;
  for (let steps = 0; steps < MOST; steps += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => globalThis.keyboard.here());
    if (here?.frame && inside < MOST_IN_FRAMES) {
      inside += 1;
      continue;
    }
    // Beyond the last control is the browser's own bar, and then the first one.
    if (here?.again || (!here && nowhere)) return;
    judge(here, faults);
    nowhere = !here;
  }
  faults.push('Tab comes to no end');
}

/** Goes through every widget with the arrow keys. */
async function arrows(page, faults) {
  const groups = await page.evaluate(() => globalThis.keyboard.groups());
  for (const [place, { role, told, parts }] of groups.entries()) {
    if (role === 'hidden' || parts < 2) continue;
    await page.evaluate((at) => globalThis.keyboard.enter(at), place);
    const keys = role === 'treegrid' ? ['ArrowDown', 'ArrowDown', 'ArrowUp', 'End', 'Home'] : Array(parts).fill('ArrowRight');
    for (const key of keys) {
      const last = await focused(page);
      await page.keyboard.press(key);
      // The focus may follow with the next frame.
      const moved = await until(`${key} moves`, async () => (await focused(page)) !== last, { deadlineMillis: 5_000 }).catch(() => false);
      if (!moved) faults.push(`${told}: ${key} moves nothing`);
      judge(await page.evaluate(() => globalThis.keyboard.here()), faults);
    }
  }
}

const focused = (page) => page.evaluate(() => [document.activeElement.id, document.activeElement.textContent].join());

/** Whatever takes the focus and has no name in the tree that screen readers read. */
async function nameless(page) {
  const client = await page.context().newCDPSession(page);
  const { nodes } = await client.send('Accessibility.getFullAXTree');
  await client.send('DOM.enable');
  const faults = [];
  for (const { ignored, role, name, properties = [], backendDOMNodeId } of nodes) {
    const focusable = properties.some((property) => property.name === 'focusable' && property.value.value);
    if (ignored || !focusable || name?.value || ['RootWebArea', 'main', 'Iframe'].includes(role.value)) continue;
    const { node } = await client.send('DOM.describeNode', { backendNodeId: backendDOMNodeId });
    faults.push(`${role.value} <${node.localName} ${node.attributes?.join(' ')}>: it has no name`);
  }
  await client.detach();
  return faults;
}

/**
 * What somebody without a pointer cannot do on a page, a line for each control concerned.
 *
 * @param {import('@playwright/test').Page} page a page that {@link noteListeners} was told of
 * @param {object} [options]
 * @param {string} [options.root] within what; everywhere where nothing is said
 * @param {string[]} [options.apart] what a pointer has and keys do in another way
 */
export async function faultsOf(page, { root, apart = [] } = {}) {
  const faults = [];
  await page.evaluate((within) => globalThis.keyboard.begin(within), root);
  await arrows(page, faults);
  await tab(page, faults);
  const rest = await page.evaluate((excused) => globalThis.keyboard.rest(excused), apart);
  return [...faults, ...rest.map((told) => `${told}: no key reaches it`), ...(await nameless(page))];
}
