// The table of `options.json` against the program, and what becomes of wrong values.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

const TABLE = JSON.parse(await readFile(new URL('../options.json', import.meta.url), 'utf8'));
const PAGE = 'https://shop.example/films/';

/** Loads the module anew for a tag with these `data-*` attributes. */
async function load(dataset = {}) {
  globalThis.location = new URL(PAGE);
  globalThis.self = location;
  globalThis.document = Object.create({
    baseURI: PAGE,
    currentScript: { src: 'https://telemetry.example/throughline.js', dataset },
    querySelector(selector) {
      if (/[[(]$/.test(selector)) throw new SyntaxError(selector);
    },
  });
  const said = [];
  const { warn } = console;
  console.warn = (message, ...words) => said.push(words.join(' '));
  try {
    return { ...(await import(`./options.js?${Math.random()}`)), said };
  } finally {
    console.warn = warn;
  }
}

const attributeOf = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

test('the table lists the options of the program', async () => {
  const { options } = await load();
  assert.deepEqual(TABLE.map(({ name }) => name), Object.keys(options));
  for (const { name, attribute, type } of TABLE) assert.equal(attribute, type === 'function' ? undefined : attributeOf(name), name);
});

test('the defaults of the table are those of the program', async () => {
  const { options } = await load();
  const own = { service: 'shop.example', endpoint: 'https://telemetry.example' };
  for (const { name, default: said } of TABLE) {
    const value = own[name] ?? options[name];
    if (own[name]) assert.equal(options[name], own[name]);
    else if (said === 'none') assert.ok(!value || !Object.keys(value).length, name);
    else assert.equal(said, `\`${value}\``, name);
  }
});

test('every choice of the table is taken, and no other', async () => {
  for (const { name, type, choices } of TABLE.filter((option) => option.choices)) {
    for (const choice of choices) {
      const { options, said } = await load({ [name]: choice });
      assert.deepEqual(options[name], type === 'list' ? [choice] : choice);
      assert.deepEqual(said, []);
    }
    const { options, said } = await load({ [name]: 'other' });
    assert.deepEqual(options[name], (await load()).options[name]);
    assert.deepEqual(said, [`${name} other`]);
  }
});

test('a tag is understood', async () => {
  for (const [name, text, value] of [
    ['service', 'web', 'web'],
    ['service', '', 'shop.example'],
    ['version', '1.2.3', '1.2.3'],
    ['environment', 'production', 'production'],
    ['endpoint', '/telemetry/', 'https://shop.example/telemetry'],
    ['endpoint', 'https://t.example', 'https://t.example'],
    ['headers', 'x-api-key=a%20b==, x-team = web', { 'x-api-key': 'a b==', 'x-team': 'web' }],
    ['propagate', 'https://a.example, https://*.b.example:8443,', [/^https:\/\/a\.example$/, /^https:\/\/[^/:]+\.b\.example\:8443$/]],
    ['propagators', 'b3 , tracecontext', ['b3', 'tracecontext']],
    ['baggage', 'region=eu', { region: 'eu' }],
    ['ratio', '0.25', 0.25],
    ['ratio', '', 1],
    ['respect', 'dnt,gpc', ['dnt', 'gpc']],
    ['routes', '/films/{film}, /seats/:seat', ['/films/{film}', '/seats/:seat']],
    ['allowText', '', true],
    ['allowText', 'false', false],
    ['mask', '.private', '.private'],
  ]) {
    const { options, said } = await load({ [name]: text });
    assert.deepEqual([options[name], said], [value, []], `${name}=${text}`);
  }
});

test('a wrong value is said once and left out, the rest is taken', async () => {
  for (const [name, wrong, value, said] of [
    ['endpoint', 'http://', 'https://telemetry.example', ['endpoint http://']],
    ['headers', 'x-api-key', {}, ['headers x-api-key']],
    ['baggage', 'a=%E0%A4%A', {}, ['baggage a=%E0%A4%A']],
    ['propagate', 'https://a/b, https://a.example', [/^https:\/\/a\.example$/], ['propagate https://a/b']],
    ['propagate', 'https://*', [], ['propagate https://*']],
    ['propagate', 'https://a.*.example', [], ['propagate https://a.*.example']],
    ['propagators', 'w3c', ['tracecontext', 'baggage'], ['propagators w3c']],
    ['propagators', 'w3c,b3', ['b3'], ['propagators w3c']],
    ['ratio', '25%', 1, ['ratio 25%']],
    ['ratio', '-0.1', 1, ['ratio -0.1']],
    ['beforeSend', 'alert', undefined, ['beforeSend alert']],
    ['allowText', 'yes', false, ['allowText yes']],
    ['mask', 'div[', '', ['mask div[']],
  ]) {
    const { options, said: seen } = await load({ service: 'web', [name]: wrong, version: '2' });
    assert.deepEqual([options[name], seen], [value, said], `${name}=${wrong}`);
    assert.deepEqual([options.service, options.version], ['web', '2']);
  }
});

test('init takes values of their own types, keeps what is absent and names what it does not know', async () => {
  const { options, initialise, said } = await load({ service: 'web' });
  const beforeSend = () => false;
  initialise({ propagate: ['https://a.example'], headers: { a: 'b' }, ratio: 0, allowText: true, beforeSend, propagators: [], version: 3 });
  initialise();
  assert.deepEqual(
    [options.service, options.propagate, options.headers, options.ratio, options.allowText, options.beforeSend, options.propagators, options.version],
    ['web', [/^https:\/\/a\.example$/], { a: 'b' }, 0, true, beforeSend, [], '3'],
  );
  assert.deepEqual(said, []);
  initialise({ servcie: 'x', respect: 5, mask: '((', service: 'shop' });
  assert.deepEqual(said, ['servcie', 'respect 5', 'mask ((']);
  assert.equal(options.service, 'shop');
});
