// What a person does on a trace's page: each view and control once, with what it is waited for.

const PATIENCE = 600_000;
/** What is done is drawn by then. */
const REST = 1500;

/** @typedef {import('playwright-core').Page} Page */

/** @type {Record<string, (page: Page) => Promise<void>>} */
export const TOUR = {
  async select(page) {
    await page.locator('.row .row__label').nth(3).click();
    await page.locator('.drawer .attributes').first().waitFor({ timeout: PATIENCE });
  },
  async keys(page) {
    await page.keyboard.press('Escape');
    await press(page, ['End', 'PageUp', 'ArrowLeft', 'Home', 'ArrowDown', 'ArrowDown', 'n', 'n', 'p', 'Escape', 'c', 'c', 'C', 'l', 'l', 'd', 'd']);
  },
  async zoom(page) {
    const strip = await page.locator('.minimap__strip').boundingBox();
    await page.mouse.move(strip.x + 200, strip.y + 20);
    await page.mouse.down();
    await page.mouse.move(strip.x + 500, strip.y + 20, { steps: 10 });
    await page.mouse.up();
    await press(page, ['+', '+', '.', '0']);
  },
  async hover(page) {
    for (let step = 0; step < 10; step++) {
      await page.mouse.move(500 + step * 40, 500 + step * 20);
      await rest(page, 250);
    }
    await page.mouse.move(5, 5);
  },
  async collapse(page) {
    await page.getByRole('button', { name: 'Collapse details' }).click();
    await rest(page);
    await press(page, ['n', 'n', 'Escape']);
    await page.getByRole('button', { name: 'Expand all' }).click();
  },
  async least(page) {
    await page.getByLabel('Hide below').selectOption('100000');
    await rest(page);
    await page.getByLabel('Hide below').selectOption('0');
  },
  async within(page) {
    const within = page.getByRole('button', { name: 'Only what is in view' });
    await within.click();
    await press(page, ['+', '0']);
    await within.click();
  },
  async subtree(page) {
    await page.locator('.row .row__label').nth(1).click();
    await page.getByRole('button', { name: 'Only this subtree' }).click();
    await rest(page);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.keyboard.press('Escape');
  },
  async words(page) {
    await page.locator('#find').focus();
    await page.keyboard.type('seats/7', { delay: 80 });
  },
  async hide(page) {
    await page.locator('.find__mode').selectOption('hide');
  },
  async ancestors(page) {
    await page.locator('.find__mode').selectOption('ancestors');
    await rest(page);
    await page.locator('#find').press('Enter');
    await page.locator('.find__mode').selectOption('');
  },
  async query(page) {
    await ask(page, '{ status = error } >> { kind = client }');
  },
  async regex(page) {
    await ask(page, '{ name =~ ".*seats/(1|7|9).*" }');
  },
  async regex_attribute(page) {
    await ask(page, '{ span.tenant =~ "tenant-1.?" }');
    await page.locator('#find').fill('');
  },
  async colour(page) {
    await page.getByLabel('Colour by').selectOption('status');
    await rest(page);
    await page.getByLabel('Colour by').selectOption('attribute');
    await page.locator('.trace-tools__attribute').fill('tenant');
    await page.locator('.trace-tools__attribute').press('Enter');
    await page.locator('.legend').getByText('tenant-1', { exact: true }).waitFor({ timeout: PATIENCE });
  },
  async follow(page) {
    await page.locator('.row .row__label').nth(3).click();
    await page.getByRole('button', { name: 'Follow tenant' }).click();
    await page.locator('.follow button').first().waitFor({ timeout: PATIENCE });
    await press(page, ['v', 'v', 'V', 'Escape', 'Escape']);
    await page.getByLabel('Colour by').selectOption('service');
  },
  async flame(page) {
    await page.getByRole('button', { name: 'Flame' }).click();
    await page.locator('.flame__wait').waitFor({ state: 'detached', timeout: PATIENCE });
  },
  async flame_keys(page) {
    await page.locator('.flame__frame').focus();
    await press(page, ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', '+', '+', '.', ' ', '0']);
  },
  async aggregate(page) {
    await page.getByRole('button', { name: 'Aggregate' }).click();
    await rest(page);
    await page.locator('.flame__frame').focus();
    await press(page, ['ArrowDown', 'ArrowRight', '+', '.', ' ', '0']);
  },
  async picture(page) {
    await page.getByRole('button', { name: 'Waterfall' }).click();
    await page.locator('.row .row__label').first().waitFor({ timeout: PATIENCE });
    await page.locator('summary', { hasText: 'Share' }).click();
    await page.getByRole('button', { name: 'Copy as image' }).click();
    await page.locator('.menu__said').filter({ hasText: /picture is|saved as/ }).waitFor({ timeout: PATIENCE });
  },
  story: (page) => view(page, 'Story', '.sentence'),
  graph: (page) => view(page, 'Graph', '.trace-view__picture svg'),
  async statistics(page) {
    await view(page, 'Statistics', '.data-table');
  },
  async statistics_by(page) {
    await page.getByLabel('Group by an attribute').fill('tenant');
    await page.getByLabel('Group by an attribute').press('Enter');
    await page.locator('.data-table').getByText('tenant-1', { exact: true }).waitFor({ timeout: PATIENCE });
    await page.getByRole('button', { name: 'Spans' }).click();
  },
  logs: (page) => view(page, 'Logs', '.log, .page__lead'),
  async raw(page) {
    await view(page, 'Raw', '.raw__line');
    await page.locator('.raw').evaluate((raw) => (raw.scrollTop = raw.scrollHeight / 2));
  },
};

/** Goes through all of it; `mark` is told before each step. @param {Page} page */
export async function tour(page) {
  for (const [name, step] of Object.entries(TOUR)) {
    process.stderr.write(`  ${name}\n`);
    await page.evaluate((name) => performance.mark(`task:${name}`), name);
    await step(page);
    await rest(page);
  }
}

async function press(page, keys) {
  for (const key of keys) {
    await page.keyboard.press(key);
    await rest(page, 400);
  }
}

async function ask(page, query) {
  const count = page.locator('#find-count');
  await page.locator('#find').fill('');
  await count.filter({ hasText: /^$/ }).waitFor({ state: 'attached', timeout: PATIENCE });
  await page.locator('#find').fill(query);
  await count.filter({ hasText: /^[\d,]+ (of|spans)/ }).waitFor({ timeout: PATIENCE });
}

async function view(page, name, content) {
  await page.getByRole('navigation', { name: 'Views of the trace' }).getByRole('link', { name }).click();
  await page.locator(content).first().waitFor({ timeout: PATIENCE });
}

function rest(page, millis = REST) {
  return page.waitForTimeout(millis);
}
