// node npm-package.mjs SCRIPTS DIRECTORY: lays the npm package out in DIRECTORY.
//
// SCRIPTS holds throughline.js and its builds for strict policies and for workers. Each goes into the package as it is,
// to be served, and as a module that runs it where there is a page (`program*.js`): that module is what importing the
// package runs, in a bundle as well as on a server. What the script asks its own server for under a name with a hash
// (throughline.late.js, and that throughline.replay.js) is for the module a module beside it, which a bundler finds.

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

/** How a script begins to ask for its late half, and that for the recorder. */
const LATE = /import\(new [\w$]+\("(throughline\.late-[\da-f]{16}\.js)"/;
const RECORDER = /import\(new [\w$]+\("(throughline\.replay-[\da-f]{16}\.js)",/;

/** The expression at `start` of a script, to the bracket that closes its first one. */
function call(code, start) {
  let depth = 0;
  for (let end = start; end < code.length; end++) {
    if (code[end] === '(') depth++;
    if (code[end] === ')' && --depth === 0) return code.slice(start, end + 1);
  }
  throw new Error('a bracket is never closed');
}

await rm(directory, { recursive: true, force: true });
await mkdir(directory, { recursive: true });
await cp(sources, directory, { recursive: true });
const late = await readFile(join(scripts, 'throughline.late.js'), 'utf8');
const recorder = RECORDER.exec(late);
if (!recorder) throw new Error('throughline.late.js does not ask for its recorder');
await writeFile(join(directory, 'throughline.late.js'), late.replace(call(late, recorder.index), () => "import('./throughline.replay.js')"));
for (const name of ['throughline.replay.js', recorder[1]]) await cp(join(scripts, 'throughline.replay.js'), join(directory, name));
const description = JSON.parse(await readFile(join(sources, 'package.json'), 'utf8'));
for (const [script, module, needed] of PROGRAMS) {
  const code = await readFile(join(scripts, script), 'utf8').catch(() => undefined);
  if (code !== undefined) {
    await writeFile(join(directory, script), code);
    const asked = LATE.exec(code);
    // A worker has no late half.
    if (!asked && needed === 'typeof document') throw new Error(`${script} does not ask for its late half`);
    if (asked) await writeFile(join(directory, asked[1]), late);
    const own = asked ? code.replace(call(code, asked.index), () => "import('./throughline.late.js')") : code;
    await writeFile(join(directory, module), `if (${needed} !== 'undefined') {\n${own.trimEnd()}\n}\n`);
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
