// The half of the tracer that comes when the browser is first idle: what it does can be expected from then on.

/**
 * Waits until a page's late half of the tracer runs.
 *
 * @param {import('@playwright/test').Page} page
 */
export async function lateHalf(page) {
  const asked = await page.waitForFunction(
    () => performance.getEntriesByType('resource').findLast(({ name, responseStatus }) => responseStatus !== 0 && /\/throughline\.late-[^/]+\.js\?*$/.test(name))?.name,
  );
  // A module is evaluated once, and whoever asked first is told first.
  await page.evaluate(async (url) => {
    await import(url);
  }, await asked.jsonValue());
}
