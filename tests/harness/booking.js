// A booking as a visitor makes it, and the faults that the shop can be given.

import { expect, press } from './fixtures.js';

/** Fills in the form as a visitor does. @param {number} [seat] which of the free seats */
export async function fillIn(page, shop, seat = 0) {
  await page.goto(shop.url);
  await page.locator('label').filter({ has: page.getByTestId('movie') }).nth(1).click();
  await chooseSeat(page, seat);
  await page.getByTestId('name').fill('Ada Lovelace');
  await page.getByTestId('email').fill('ada@example.org');
  await page.getByTestId('card').fill('4242 4242 4242 4242');
}

/** Chooses one of the free seats. */
export async function chooseSeat(page, seat = 0) {
  await expect(page.locator('#seats')).not.toHaveAttribute('aria-busy');
  await page.locator('label').filter({ has: page.getByTestId('seat') }).nth(seat).click();
}

/** Presses Book Now and waits for what comes of it. @returns {Promise<string>} the trace's id */
export async function book(page) {
  await press(page, page.getByTestId('book'));
  await expect(page.getByTestId('result')).toBeVisible();
  await expect(page.getByTestId('trace-link')).toBeVisible();
  const href = await page.getByTestId('trace-link').getAttribute('href');
  return /\/trace\/([0-9a-f]{32})$/.exec(href)[1];
}

/** Switches a fault on for the next booking. @param {string} name such as `slow-payment` */
export async function fault(page, name) {
  await page.locator('label').filter({ has: page.getByTestId(`fault-${name}`) }).click();
  await expect(page.getByTestId(`fault-${name}`)).toBeChecked();
}
