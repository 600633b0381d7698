// Builds each application of `src/` into `dist/NAME.js`, as its users do: the framework's own compiler, ES2022 with
// native async functions, minified. What is up to date is not built again.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import babel from '@babel/core';
import solid from 'babel-preset-solid';
import { build } from 'esbuild';
import { compile, compileModule } from 'svelte/compiler';

const here = import.meta.dirname;
const entries = join(here, '../../tracer-wasm/npm');

/** Each application by its name: where it begins, and the compiler that its sources need. */
const APPLICATIONS = {
  'angular': { entry: 'angular/zoneless.ts' },
  'angular-zone': { entry: 'angular/zone.ts' },
  'entry-opentelemetry': { entry: 'entries/opentelemetry.js' },
  'entry-react': { entry: 'entries/react.jsx' },
  'entry-svelte': { entry: 'entries/svelte.js', plugin: svelteCompiler(), conditions: ['svelte', 'browser'] },
  'entry-vue': { entry: 'entries/vue.js' },
  'htmx': { entry: 'htmx/htmx-4.js' },
  'htmx-2': { entry: 'htmx/htmx-2.js' },
  'jquery': { entry: 'jquery/application.js' },
  'react': { entry: 'react/application.jsx' },
  'rxjs': { entry: 'rxjs/application.js' },
  'solid': { entry: 'solid/application.jsx', plugin: solidCompiler() },
  'svelte': { entry: 'svelte/application.js', plugin: svelteCompiler(), conditions: ['svelte', 'browser'] },
  'vue': { entry: 'vue/application.js' },
};

const digest = await digestOf([join(here, 'src'), entries, join(here, 'package-lock.json'), join(here, 'build.mjs')]);
const stamp = join(here, 'dist/stamp');
if ((await readFile(stamp, 'utf8').catch(() => '')) !== digest) {
  await mkdir(join(here, 'dist'), { recursive: true });
  for (const [name, { entry, plugin, conditions }] of Object.entries(APPLICATIONS)) {
    await build({
      absWorkingDir: here,
      entryPoints: [{ in: join(here, 'src', entry), out: name }],
      outdir: join(here, 'dist'),
      bundle: true,
      // A dynamic import is a file of its own, as it is in production.
      splitting: true,
      chunkNames: `${name}-[name]-[hash]`,
      format: 'esm',
      target: 'es2022',
      minify: true,
      // Frameworks and controls are recognised by names.
      keepNames: true,
      jsx: 'automatic',
      define: {
        'process.env.NODE_ENV': '"production"',
        '__VUE_OPTIONS_API__': 'true',
        '__VUE_PROD_DEVTOOLS__': 'false',
        '__VUE_PROD_HYDRATION_MISMATCH_DETAILS__': 'false',
      },
      alias: {
        vue: 'vue/dist/vue.esm-bundler.js',
        ...Object.fromEntries(['react', 'vue', 'svelte', 'opentelemetry'].map((name) => [`@throughline/tracer/${name}`, join(entries, `${name}.js`)])),
      },
      // Where the entries' own imports are found.
      nodePaths: [join(here, 'node_modules')],
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
      conditions,
      plugins: plugin ? [plugin] : [],
      logLevel: 'warning',
    });
  }
  await writeFile(stamp, digest);
}

/** Solid's JSX becomes templates and effects. */
function solidCompiler() {
  return {
    name: 'solid',
    setup(build) {
      build.onLoad({ filter: /\.jsx$/ }, async ({ path }) => {
        const { code } = await babel.transformFileAsync(path, { presets: [solid], babelrc: false, configFile: false });
        return { contents: code, loader: 'js' };
      });
    },
  };
}

/** Svelte's components and rune modules. */
function svelteCompiler() {
  return {
    name: 'svelte',
    setup(build) {
      build.onLoad({ filter: /\.svelte(\.js)?$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const options = { filename: path, generate: 'client' };
        const { js } = path.endsWith('.svelte') ? compile(source, { ...options, css: 'injected' }) : compileModule(source, options);
        return { contents: js.code, loader: 'js' };
      });
    },
  };
}

/** A hash over the contents of files and folders. */
async function digestOf(paths) {
  const hash = createHash('sha256');
  const add = async (path) => {
    const entries = await readdir(path).catch(() => null);
    if (entries) for (const entry of entries.sort()) await add(join(path, entry));
    else hash.update(path.slice(here.length)).update('\0').update(await readFile(path));
  };
  for (const path of paths) await add(path);
  return hash.digest('hex');
}
