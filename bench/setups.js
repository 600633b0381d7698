// What is measured: Throughline and its peers, each as one script that a page loads first.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { build, transform } from 'esbuild';

const HERE = import.meta.dirname;

/**
 * @typedef {object} Setup
 * @property {string} title
 * @property {string} code the script
 * @property {Record<string, string>} [parts] what the script asks for beside itself, by name
 * @property {boolean} [lowered] whether the application is transpiled to ES2016, without native async functions
 */

/** One of `tracers/` as a script, which is put into the directory. @returns {Promise<Setup>} */
async function bundle(directory, name, title) {
  const path = join(directory, `${name}.js`);
  await build({
    entryPoints: [join(HERE, 'tracers', `${name}.js`)],
    outfile: path,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', __SENTRY_DEBUG__: 'false', __RRWEB_EXCLUDE_IFRAME__: 'true' },
  });
  return { title, code: await readFile(path, 'utf8') };
}

/** What `tracers/floor.js` is. @param {string} directory where its bundle is put */
export const floor = (directory) => bundle(directory, 'floor', 'floor: replaces and calls');

/**
 * @param {string} ours where throughline.js is
 * @param {string} directory where the peers' bundles are put
 * @returns {Promise<Record<string, Setup>>}
 */
export async function setups(ours, directory) {
  await mkdir(directory, { recursive: true });
  const peer = (name, title) => bundle(directory, name, title);
  const zone = await peer('otel-zone', 'OpenTelemetry, zone.js');
  const code = await readFile(ours, 'utf8');
  const [late] = /throughline\.late-[\da-f]+\.js/.exec(code);
  return {
    ours: { title: 'Throughline', code, parts: { [late]: await readFile(join(dirname(ours), 'throughline.late.js'), 'utf8') } },
    otel_stack: await peer('otel-stack', 'OpenTelemetry, stack'),
    otel_zone: zone,
    otel_zone_lowered: { ...zone, title: 'OpenTelemetry, zone.js, application in ES2016', lowered: true },
    elastic: await peer('elastic', 'Elastic'),
    faro: await peer('faro', 'Faro'),
    sentry: await peer('sentry', 'Sentry'),
  };
}

/** A page whose inline scripts have no native async functions, generators in their place. @param {string} html */
export async function lowered(html) {
  const parts = html.split(/(<script>)([^]*?)(<\/script>)/);
  for (let at = 2; at < parts.length; at += 4) {
    const { code } = await transform(parts[at], { target: 'es2016', loader: 'js' });
    parts[at] = code;
  }
  return parts.join('');
}
