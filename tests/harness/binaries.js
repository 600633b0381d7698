// Where the built binaries are.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const WORKSPACE = resolve(import.meta.dirname, '../..');

/** The `throughline` binary: `THROUGHLINE_BIN`, else the debug build of this workspace. */
export function throughlineBinary() {
  return binary('THROUGHLINE_BIN', 'throughline');
}

/** The `throughline-demo` binary: `THROUGHLINE_DEMO_BIN`, else the debug build of this workspace. */
export function demoBinary() {
  return binary('THROUGHLINE_DEMO_BIN', 'throughline-demo');
}

function binary(variable, name) {
  const path = process.env[variable] ? resolve(process.env[variable]) : join(targetDirectory(), 'debug', name);
  if (!existsSync(path)) {
    throw new Error(`${path} does not exist: run \`cargo xtask build\` or \`cargo build -p ${name}\`, or set ${variable}`);
  }
  return path;
}

let knownTargetDirectory;

/** Cargo's target directory, which `CARGO_TARGET_DIR` and configuration files may move. */
function targetDirectory() {
  knownTargetDirectory ??= JSON.parse(
    execFileSync('cargo', ['metadata', '--format-version', '1', '--no-deps', '--offline'], {
      cwd: WORKSPACE,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  ).target_directory;
  return knownTargetDirectory;
}
