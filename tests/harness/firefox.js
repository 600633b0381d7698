// Firefox over WebDriver BiDi, with the few verbs of a Playwright page that a spec needs: a stock Firefox speaks BiDi,
// and Playwright's own Firefox is a patched build that is not to be had everywhere.
//
// Source: https://w3c.github.io/webdriver-bidi/

import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { WebSocket } from 'ws';

import { until } from './poll.js';

/** A profile that asks nobody anything and shows nothing of its own. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.tabs.warnOnClose': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.disable_open_during_load': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'permissions.default.desktop-notification': 2,
  'permissions.default.geo': 2,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

export class Firefox {
  #commands = new Map();
  #pages = new Map();
  #lastId = 0;
  #dead;

  /** Starts a Firefox without a window: `FIREFOX_BIN`, else Debian's. */
  static async launch() {
    const firefox = new Firefox();
    const program = process.env.FIREFOX_BIN || '/usr/bin/firefox-esr';
    firefox.profile = await mkdtemp(join(tmpdir(), 'throughline-firefox-'));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(firefox.profile, 'user.js'), lines.join('\n'));
    const args = ['--headless', '--no-remote', '--profile', firefox.profile, '--remote-debugging-port=0', 'about:blank'];
    firefox.child = spawn(program, args, { env: { ...process.env, HOME: firefox.profile, MOZ_CRASHREPORTER_DISABLE: '1' }, stdio: ['ignore', 'ignore', 'pipe'] });
    let address;
    let said = '';
    firefox.ended = new Promise((resolve) => {
      firefox.child.once('error', (error) => resolve((firefox.#dead = error)));
      firefox.child.once('exit', (code, signal) => resolve((firefox.#dead = new Error(`${program} ended with ${signal ?? code}\n${said}`))));
    });
    createInterface({ input: firefox.child.stderr }).on('line', (line) => {
      said = `${said}${line}\n`.slice(-8_000);
      address ??= /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    });
    await until('Firefox listens', () => {
      if (firefox.#dead) throw firefox.#dead;
      return address;
    }, { otherwise: () => said });
    await firefox.#connect(`${address}/session`);
    return firefox;
  }

  async #connect(address) {
    this.socket = new WebSocket(address, { maxPayload: 64 << 20 });
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
    this.socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
    this.socket.once('close', () => {
      for (const { reject } of this.#commands.values()) reject(new Error('Firefox is gone'));
    });
    const { capabilities } = await this.send('session.new', { capabilities: { alwaysMatch: { unhandledPromptBehavior: { default: 'dismiss' } } } });
    this.version = capabilities.browserVersion;
    await this.send('session.subscribe', { events: ['log.entryAdded'] });
  }

  #hear({ id, type, method, params, result, error, message }) {
    if (type === 'event') {
      this.#pages.get(params.source?.context)?.log(method, params);
      return;
    }
    const command = this.#commands.get(id);
    this.#commands.delete(id);
    if (type === 'success') command?.resolve(result);
    else command?.reject(new Error(`${command.method}: ${error}: ${message}`));
  }

  /** Sends a command of the protocol. @param {string} method @param {object} params */
  send(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#commands.set(id, { method, resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async newPage({ width = 1280, height = 800 } = {}) {
    const { context } = await this.send('browsingContext.create', { type: 'tab' });
    await this.send('browsingContext.setViewport', { context, viewport: { width, height } });
    const page = new FirefoxPage(this, context);
    this.#pages.set(context, page);
    return page;
  }

  async close() {
    await Promise.race([this.send('browser.close', {}).catch(() => {}), this.ended]);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await this.ended;
    clearTimeout(kill);
    this.socket.terminate();
    await rm(this.profile, { recursive: true, force: true });
  }
}

/** The part of Playwright's `Page` that the harness uses, with the same meaning. */
class FirefoxPage extends EventEmitter {
  constructor(firefox, context) {
    super();
    this.firefox = firefox;
    this.context = context;
    this.mouse = { click: (x, y) => this.#click(x, y) };
    this.keyboard = { type: (text, { delay = 0 } = {}) => this.#type(text, delay) };
  }

  log(method, { type, level, text }) {
    if (type === 'javascript' && level === 'error') this.emit('pageerror', { message: text });
    else this.emit('console', { type: () => (level === 'warn' ? 'warning' : level), text: () => text });
  }

  async goto(url) {
    await this.firefox.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  async goBack() {
    await this.firefox.send('browsingContext.traverseHistory', { context: this.context, delta: -1 });
  }

  /** Calls a function in the page; its argument and its result pass as JSON. */
  async evaluate(body, argument = null) {
    const { type, result, exceptionDetails } = await this.firefox.send('script.callFunction', {
      functionDeclaration: `async (argument) => JSON.stringify(await (${body})(JSON.parse(argument)))`,
      arguments: [{ type: 'string', value: JSON.stringify(argument) }],
      target: { context: this.context },
      awaitPromise: true,
    });
    if (type === 'exception') throw new Error(exceptionDetails.text);
    return result.type === 'string' ? JSON.parse(result.value) : undefined;
  }

  /** Waits until a function of the page returns something; `jsonValue()` of what comes is that. */
  async waitForFunction(body) {
    const value = await until('the page says yes', () => this.evaluate(body).catch(() => undefined));
    return { jsonValue: async () => value };
  }

  locator(selector) {
    return {
      waitFor: () => until(`${selector} is there`, () => this.evaluate((wanted) => document.querySelector(wanted) !== null, selector)),
    };
  }

  #click(x, y) {
    return this.#perform({
      type: 'pointer',
      id: 'mouse',
      actions: [
        { type: 'pointerMove', x: Math.round(x), y: Math.round(y) },
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ],
    });
  }

  async #type(text, delay) {
    for (const value of text) {
      await this.#perform({ type: 'key', id: 'keyboard', actions: [{ type: 'keyDown', value }, { type: 'keyUp', value }, { type: 'pause', duration: delay }] });
    }
  }

  #perform(source) {
    return this.firefox.send('input.performActions', { context: this.context, actions: [source] });
  }
}
