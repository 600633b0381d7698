// Why an element that is there cannot be used, in words that say what to do.

/**
 * Runs in the page: what stands in the way of whoever would use an element, `kind` with the element `by` which it does
 * and `how`; null where nothing does. Keys need no place on the screen.
 */
function obstacle(one, { keys, typing }) {
  const view = { width: innerWidth, height: innerHeight };
  const off = one.matches(':disabled') ? (one.closest('fieldset:disabled') ?? one) : !keys && one.closest('[aria-disabled=true]');
  if (off) return { kind: 'disabled', by: off === one ? null : off };
  const inert = one.closest('[inert]');
  if (inert) return { kind: 'inert', by: inert === one ? null : inert };
  for (let at = one; at; at = at.parentElement ?? at.getRootNode().host) {
    if (getComputedStyle(at).display === 'none') return { kind: 'hidden', by: at === one ? null : at, how: 'display: none' };
  }
  const style = getComputedStyle(one);
  if (style.visibility !== 'visible') return { kind: 'hidden', how: `visibility: ${style.visibility}` };
  if (typing && one.readOnly) return { kind: 'read-only' };
  if (keys) return null;
  if (!typing) one.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height) return { kind: 'hidden', how: 'no size' };
  if (typing) return null;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (x < 0 || y < 0 || x >= view.width || y >= view.height) return { kind: 'outside', how: `${view.width} × ${view.height}` };
  if (style.pointerEvents === 'none') return { kind: 'passive' };
  const hit = one.getRootNode().elementFromPoint(x, y);
  for (let at = hit; at; at = at.parentElement ?? at.getRootNode().host) if (at === one) return null;
  return { kind: 'covered', by: hit };
}

/** Runs in the page: an element as a person would name it. */
export const describe = (one) => `<${one.localName}> ${JSON.stringify((one.getAttribute('aria-label') ?? one.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 60))}`;

const SAME_STATE = 'begin in the state in which the session began (--before-run), or see what the page now asks for first';

const WORDS = {
  disabled: (by) => `disabled${by && `, as ${by} around it is`}: ${SAME_STATE}`,
  inert: (by) => `inert${by && `, as ${by} around it is`}: a dialog may be open that was not when it was recorded; ${SAME_STATE}`,
  hidden: (by, how) => `hidden: ${by || 'it'} has ${how}; ${SAME_STATE}`,
  'read-only': () => `read-only and takes no text: ${SAME_STATE}`,
  outside: (_, how) => `outside the view of ${how}, and scrolling does not bring it there: look at the page at that size`,
  passive: () => `not to be clicked: its style has pointer-events: none; ${SAME_STATE}`,
  covered: (by) => `covered by ${by || 'something'}: have it closed before (storageState in the fixtures keeps what a visitor has chosen), or keep it out of this environment`,
};

/**
 * What stands in the way of an element, as a sentence; null where nothing does, or the element is gone.
 *
 * @param {import('playwright').Locator} locator
 * @param {string} what it is called in the sentence
 * @param {{keys?: boolean, typing?: boolean}} [use]
 */
export async function why(locator, what, use = {}) {
  const found = await locator.evaluateHandle(obstacle, use, { timeout: 1_000 }).catch(() => null);
  const facts = await found?.evaluate((it) => it && { kind: it.kind, how: it.how ?? '' });
  if (!facts) return null;
  const by = (await found.getProperty('by')).asElement();
  return `${what} is ${WORDS[facts.kind](by ? await by.evaluate(describe) : '', facts.how)}`;
}

/** Runs in the page: what of an element's kind does not let it have a value; null where its kind does. */
export function mismatch(one, value) {
  if (one.localName === 'select') {
    const options = [...one.options].filter((option) => !option.disabled);
    if (options.some((option) => option.value === value || option.label === value)) return null;
    const names = options.slice(0, 8).map((option) => JSON.stringify(option.value));
    return `the value that the fixtures have for it is none of its options, which are ${names.join(', ')}${options.length > 8 ? ', …' : ''}`;
  }
  const takes = ['input', 'textarea'].includes(one.localName) || one.isContentEditable;
  return takes ? null : `it is a <${one.localName}> now, which takes no text`;
}
