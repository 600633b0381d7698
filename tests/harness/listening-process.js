// A child process that prints `listening NAME URL` for each of its listeners once it is ready.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { until } from './poll.js';

/** Enough of what a process said to explain its death. */
const STDERR_TAIL_CHARS = 8_000;

export class ListeningProcess {
  /** URL of each listener by its name. @type {Record<string, string>} */
  urls = {};
  /** Everything on stdout, line by line. @type {string[]} */
  stdout = [];
  /** The end of stderr. */
  stderr = '';
  /** Once it has ended. @type {{code: number | null, signal: string | null} | undefined} */
  exit;

  /**
   * Starts a process and waits until it has named every listener.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {{listeners: string[], env?: Record<string, string>, cwd?: string, deadlineMillis?: number}} options
   */
  static async start(command, args, { listeners, env = {}, cwd, deadlineMillis = 60_000 }) {
    const started = new ListeningProcess(command, args, env, cwd);
    await until(
      `${started.title} listens as ${listeners.join(', ')}`,
      () => {
        if (started.exit) throw new Error(`${started.title} ended with ${JSON.stringify(started.exit)}:\n${started.stderr}`);
        return listeners.every((name) => started.urls[name]);
      },
      { deadlineMillis, otherwise: () => `${started.stdout.join('\n')}\n${started.stderr}` },
    ).catch((error) => {
      started.child.kill('SIGKILL');
      throw error;
    });
    return started;
  }

  constructor(command, args, env, cwd) {
    this.title = [command.split('/').pop(), ...args].join(' ');
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.stderr += error.message;
        this.exit = { code: null, signal: null };
        resolve(this.exit);
      });
      this.child.once('close', (code, signal) => {
        this.exit ??= { code, signal };
        resolve(this.exit);
      });
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.stdout.push(line);
      const listener = /^listening (\S+) (\S+)$/.exec(line);
      if (listener) this.urls[listener[1]] = listener[2];
    });
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr = (this.stderr + text).slice(-STDERR_TAIL_CHARS);
      if (process.env.THROUGHLINE_TEST_STDERR) process.stderr.write(text);
    });
  }

  /** Ends the process as an operator would and waits until it is gone. */
  async stop() {
    return this.end('SIGTERM');
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    if (this.exit) return this.exit;
    this.child.kill(signal);
    const forced = setTimeout(() => this.child.kill('SIGKILL'), 20_000);
    const exit = await this.ended;
    clearTimeout(forced);
    return exit;
  }
}
