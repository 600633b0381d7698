// Drives a browser for `throughline replay`: one command a line on stdin, one answer a line on stdout, both JSON.
//
// Selectors are never raced: the best one that was recorded decides, and it must find one element. What another one
// would have found instead is another element more often than not.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import { describe, mismatch, why } from './obstacle.mjs';

const PACKAGES = ['playwright', '@playwright/test', 'playwright-core'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const SIGNALS = /\/v1\/(traces|logs|metrics)$/;
const LOOK_MILLIS = 50;

let browser;
let context;
let options;
let pages = [];
let step = -1;
/** The trace ids that each step's requests carried, in order. */
const traces = new Map();
const owner = new Map();
/** Requests that were not allowed to change anything. */
let refused = [];

const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));

function playwright(directories) {
  for (const directory of directories) {
    const require = createRequire(join(directory, 'replay.js'));
    for (const name of PACKAGES) {
      try {
        return require(name);
      } catch {
        // The next one may be there.
      }
    }
  }
  throw Object.assign(new Error('no playwright'), { code: 'no_playwright' });
}

async function start(asked) {
  options = asked;
  const { chromium } = playwright(asked.playwright);
  try {
    browser = await chromium.launch({ headless: !asked.headed, executablePath: asked.chromium ?? undefined, args: asked.switches });
  } catch (error) {
    throw Object.assign(error, { code: 'no_browser' });
  }
  const [width, height] = asked.viewport ?? [1280, 800];
  context = await browser.newContext({
    viewport: { width, height },
    colorScheme: asked.colorScheme ?? undefined,
    storageState: asked.storageState ?? undefined,
    ignoreHTTPSErrors: asked.insecure,
  });
  context.setDefaultTimeout(asked.timeoutMillis);
  context.on('page', (page) => pages.push(page));
  context.on('request', note);
  await context.route((url) => url.origin === options.origin, pass);
  pages.push(...[await context.newPage()].filter((page) => !pages.includes(page)));
  return {};
}

/** A request's trace belongs to the step in which the trace was first seen. */
function note(request) {
  const id = /^[\da-f]{2}-([\da-f]{32})-/.exec(request.headers().traceparent ?? '')?.[1];
  if (!id || owner.has(id)) return;
  owner.set(id, step);
  traces.set(step, [...(traces.get(step) ?? []), id]);
}

/** Requests to the environment say which run and step they belong to; those that change something may be refused. */
async function pass(route) {
  const request = route.request();
  const { pathname } = new URL(request.url());
  try {
    if (!options.allowWrites && !SAFE.has(request.method()) && !SIGNALS.test(pathname)) {
      refused.push(`${request.method()} ${pathname}`);
      return await route.abort('blockedbyclient');
    }
    const headers = { ...request.headers(), ...options.headers };
    headers.baggage = [headers.baggage, `replay.run=${options.run}`, `replay.step=${step}`].filter(Boolean).join(',');
    await route.continue({ headers });
  } catch {
    // The page has gone, and its request with it.
  }
}

class Diverged extends Error {}

/** The one element that the selectors lead to. */
async function locate(page, selectors, what = 'the element') {
  const named = selectors.filter((selector) => selector.named);
  const usable = (named.length ? named : selectors).map(({ text }) => text);
  const until = Date.now() + options.timeoutMillis;
  let counts = [];
  do {
    counts = await Promise.all(usable.map((selector) => page.locator(selector).count().catch(() => 0)));
    if (counts[0] === 1) {
      for (let other = 1; other < usable.length; other++) {
        if (counts[other] !== 1) continue;
        const handle = await page.locator(usable[other]).elementHandle();
        const same = await page.locator(usable[0]).evaluate((one, two) => one === two, handle);
        if (!same) throw new Diverged(`${what} is ambiguous: ${usable[0]} and ${usable[other]} lead to different ones`);
      }
      return page.locator(usable[0]);
    }
    await pause();
  } while (Date.now() < until);
  if (counts[0] > 1) throw new Diverged(`${what} is not unique any more: ${counts[0]} match ${usable[0]}`);
  // A role is that of what can be seen.
  const unseen = page.locator(usable[0].replace(/role=[a-z]+\[name="(?:[^"\\]|\\.)*"(?=\])/g, '$&][include-hidden=true'));
  if ((await unseen.count().catch(() => 0)) === 1) {
    const reason = await why(unseen, what, { keys: true });
    if (reason) throw new Diverged(reason);
  }
  const by = counts.findIndex((count) => count === 1);
  if (by > 0) throw new Diverged(`${what} is not found by ${usable[0]} any more, only by ${usable[by]}`);
  const place = named.length && selectors.find((selector) => !selector.named)?.text;
  const instead = place && (await page.locator(place).first().evaluate(describe, null, { timeout: 100 }).catch(() => ''));
  throw new Diverged(`${what} is gone: nothing matches ${usable[0]}${instead ? `; where it stood is ${instead}` : ''}`);
}

const typeOf = (locator) => locator.evaluate((one) => (one.localName === 'input' ? one.type : one.isContentEditable ? 'editable' : one.localName));

/**
 * Uses elements, and where that does not succeed says what stands in the way of the first that something does.
 *
 * @param {[import('playwright').Locator, string][]} elements with what each is called
 */
async function using(elements, how, use) {
  try {
    return await use();
  } catch (error) {
    for (const [locator, what] of elements) {
      const reason = await why(locator, what, how);
      if (reason) throw new Diverged(reason);
    }
    if (error.name !== 'TimeoutError') throw error;
    const patience = `${options.timeoutMillis / 1_000} s`;
    throw new Diverged(`${elements[0][1]} is there, with nothing in its way, but could not be used within ${patience}: it may be moving, or the page is busy; --timeout waits longer`);
  }
}

async function click(locator) {
  await using([[locator, 'the element']], {}, async () => {
    try {
      await locator.click();
    } catch (error) {
      // A field that is drawn by its label is pressed by it, as a person does.
      const label = await locator.evaluateHandle((one) => (one.disabled ? null : one.labels?.[0])).catch(() => null);
      if (!/intercepts pointer events|not visible/.test(error.message) || !label?.asElement()) throw error;
      await label.asElement().click();
    }
  });
}

/** Playwright presses a key whether or not the element can have the focus. */
async function press(locator, key) {
  const until = Date.now() + options.timeoutMillis;
  let reason;
  while ((reason = await why(locator, 'the element', { keys: true })) && Date.now() < until) await pause();
  if (reason) throw new Diverged(reason);
  return locator.press(key.replace(/Ctrl\+/, 'Control+'));
}

async function fill(locator, value) {
  const type = await typeOf(locator);
  if (type === 'checkbox' || type === 'radio') return click(locator);
  if (type === 'file') throw new Diverged('a file cannot be chosen again');
  if (value == null) throw Object.assign(new Error('no value'), { code: 'no_value' });
  return using([[locator, 'the element']], { typing: true }, async () => {
    try {
      return await (type === 'select' ? locator.selectOption(value) : locator.fill(value));
    } catch (error) {
      const wrong = await locator.evaluate(mismatch, value, { timeout: 1_000 }).catch(() => null);
      throw wrong ? new Diverged(`the element cannot be filled in: ${wrong}`) : error;
    }
  });
}

async function drag(locator, target) {
  const elements = [[locator, 'the element'], [target, 'the place to drop it']];
  return using(elements, {}, () => locator.dragTo(target));
}

async function act({ kind, path, selectors, target, key, value }, page) {
  if (kind === 'goto') return page.goto(options.origin + path, { waitUntil: 'load' });
  if (kind === 'back') return page.goBack();
  if (kind === 'keydown' && !selectors.length) return page.keyboard.press(key.replace(/Ctrl\+/, 'Control+'));
  const locator = await locate(page, selectors);
  if (kind === 'click') return click(locator);
  if (kind === 'change') return fill(locator, value);
  if (kind === 'keydown') return press(locator, key);
  if (kind === 'drag') return drag(locator, await locate(page, target, 'the place to drop it'));
  if (kind !== 'submit') throw new Diverged(`a ${kind} cannot be done again`);
  const type = await typeOf(locator);
  if (type === 'form') return locator.evaluate((form) => form.requestSubmit());
  return ['submit', 'button', 'image'].includes(type) ? click(locator) : press(locator, 'Enter');
}

async function pageOf(tab) {
  const until = Date.now() + options.timeoutMillis;
  while (!pages[tab] && Date.now() < until) await pause();
  if (!pages[tab]) pages.push(await context.newPage());
  return pages[tab];
}

/** As it is, or small enough to keep one of every step. */
const picture = async (page, small = false) => {
  const form = small ? { type: 'jpeg', quality: 60, scale: 'css' } : { type: 'png' };
  return (await page.screenshot({ ...form, timeout: 5_000 }).catch(() => Buffer.alloc(0))).toString('base64');
};

/** What Playwright says, without its log and colours. */
const first = (error) => String(error?.message ?? error).replace(/\u001b\[\d+m/g, '').split(/\n(Call log|=+)/)[0].trim();

async function perform(instruction) {
  step = instruction.index;
  const page = await pageOf(instruction.tab);
  refused = [];
  try {
    await act(instruction, page);
  } catch (error) {
    if (error.code) throw error;
    const why = error instanceof Diverged ? error.message : first(error);
    return { diverged: why, screenshot: await picture(page), url: page.url() };
  }
  // What the step asks for is on its way when the page has had its turn.
  if (instruction.requests) {
    const until = Date.now() + options.timeoutMillis;
    while (!traces.get(step)?.length && !refused.length && Date.now() < until) await pause();
  }
  return { url: page.url() };
}

/** Has the pages send what they have, and says which traces a step's requests belong to. */
async function flush({ index }) {
  await Promise.all(pages.map((page) => page.evaluate(() => window.throughline?.flush?.()).catch(() => {})));
  return { traces: traces.get(index) ?? [], refused };
}

const commands = {
  start,
  perform,
  flush,
  screenshot: async ({ tab, small }) => ({ screenshot: await picture(await pageOf(tab), small) }),
  stop: async () => {
    await browser?.close();
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...asked } = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command](asked);
  } catch (error) {
    answer = { error: error.code ?? 'failed', message: first(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (command === 'stop') break;
}
await browser?.close().catch(() => {});
// The other side holds this one's input open until it has ended.
process.exit();
