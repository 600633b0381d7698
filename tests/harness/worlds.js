// What the specs of pages/worlds.html do with it: a library in its head, and work of the page's in a real click.

import { join } from 'node:path';

import { build } from 'esbuild';

import { press } from './fixtures.js';

/** Does a function of the page's (`window.works`) in a real click; what it returns is awaited. */
export async function act(page, work, argument) {
  await page.evaluate(
    ([text, value]) => {
      // Not `eval`: policies may forbid it.
      window.acted = undefined;
      window.act = () => {
        window.acted = window.works[text](value);
      };
    },
    [work, argument],
  );
  await press(page, page.locator('#act'));
  return page.evaluate(() => window.acted);
}

const bundles = new Map();

/** A module that imports libraries of npm, as the script that a page has of it. */
export async function bundleOf(code) {
  if (!bundles.has(code)) {
    const { outputFiles } = await build({ stdin: { contents: code, resolveDir: join(import.meta.dirname, '..') }, bundle: true, format: 'iife', write: false, minify: true, logLevel: 'error' });
    bundles.set(code, `<script>${outputFiles[0].text.replaceAll('</script', '<\\/script')}</script>`);
  }
  return bundles.get(code);
}
