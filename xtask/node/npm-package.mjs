// node npm-package.mjs SCRIPTS DIRECTORY: lays the npm package out in DIRECTORY.
//
// SCRIPTS holds throughline.js and its builds for strict policies and for workers. Each goes into the package as it is,
// to be served, and as a module that runs it where there is a page (`program*.js`): that module is what importing the
// package runs, in a bundle as well as on a server.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const [scripts, directory] = process.argv.slice(2).map((path) => resolve(path));
const sources = join(import.meta.dirname, '../../tracer-wasm/npm');

/** Each script, the module made of it, and what must be there for it to run. */
const PROGRAMS = [
  ['throughline.js', 'program.js', 'typeof document'],
  ['throughline.csp.js', 'program.csp.js', 'typeof document'],
  ['throughline.worker.js', 'program.worker.js', 'typeof WorkerGlobalScope'],
];

await rm(directory, { recursive: true, force: true });
await mkdir(directory, { recursive: true });
await cp(sources, directory, { recursive: true });
const description = JSON.parse(await readFile(join(sources, 'package.json'), 'utf8'));
for (const [script, module, needed] of PROGRAMS) {
  const code = await readFile(join(scripts, script), 'utf8').catch(() => undefined);
  if (code !== undefined) {
    await writeFile(join(directory, script), code);
    await writeFile(join(directory, module), `if (${needed} !== 'undefined') {\n${code.trimEnd()}\n}\n`);
    continue;
  }
  if (script === 'throughline.js') throw new Error(`${scripts} holds no ${script}`);
  // A build of the main script alone makes a package without the other entries.
  const entry = module.replace('program.', './').replace('.js', '');
  for (const path of [entry, `./${script}`]) delete description.exports[path];
}
await writeFile(join(directory, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);

// What the package promises is there.
const promised = Object.values(description.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
for (const path of promised) await readFile(join(directory, path));
