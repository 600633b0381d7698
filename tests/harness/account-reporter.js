// Keeps an account of the tests that failed, be it only at their first try, for whoever reads a log from its end.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** So many lines of an error are kept: the message, the call log and the place. */
const MOST_LINES = 60;

/** @implements {import('@playwright/test/reporter').Reporter} */
export default class AccountReporter {
  #outputFile;
  /** @type {Map<import('@playwright/test/reporter').TestCase, string[]>} */
  #failures = new Map();
  #others = [];

  /** @param {{ outputFile?: string }} options */
  constructor({ outputFile = '.results/account.txt' } = {}) {
    this.#outputFile = outputFile;
  }

  printsToStdio() {
    return false;
  }

  onError(error) {
    this.#others.push(textOf(error));
  }

  onTestEnd(test, result) {
    if (result.status === test.expectedStatus || result.status === 'skipped') return;
    const texts = this.#failures.get(test) ?? [];
    texts.push([`try ${result.retry + 1}: ${result.status}`, ...result.errors.map(textOf)].join('\n'));
    this.#failures.set(test, texts);
  }

  onEnd() {
    const parts = [...this.#failures].map(([test, texts]) => {
      const [, ...path] = test.titlePath();
      return [`${test.outcome() === 'flaky' ? 'PASSED WHEN REPEATED' : 'FAILED'} ${path.join(' › ')}`, ...texts].join('\n');
    });
    mkdirSync(dirname(this.#outputFile), { recursive: true });
    writeFileSync(this.#outputFile, [...this.#others, ...parts].map((part) => `${part}\n`).join('\n'));
  }
}

function textOf({ message, value, stack, snippet }) {
  const lines = stripVTControlCharacters(stack ?? message ?? value ?? '').split('\n');
  const kept = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} lines more`] : lines;
  return [...kept, ...(snippet ? [stripVTControlCharacters(snippet)] : [])]
    .map((line) => `    ${line}`.trimEnd())
    .join('\n');
}
