// Who uses the page, as the page itself says (`throughline.identify`): on every root and log record from then on, and
// never kept beyond the page.
export const user = { __proto__: null };

/** Takes `{ id, name, email }`, or null for nobody. */
export function identify(who) {
  for (const key of ['id', 'name', 'email']) {
    const value = who?.[key];
    if (value) user[`user.${key}`] = String(value);
    else delete user[`user.${key}`];
  }
}
