// What of a recording may leave the page: its shape and its styles, none of its texts, values and addresses.
//
// rrweb's own masks work on elements that somebody thought of; here nothing is kept that is not on a list. A character
// becomes a dot, white space stays, so that lines break where they broke. Order matters: whether a text is a style
// sheet's is known from the events before.

/** Attributes that say how something looks or what it is. */
const KEPT = new Set(
  (
    'class style role type dir lang hidden disabled checked selected readonly required multiple open colspan rowspan span rows cols size width height ' +
    'align valign border start reversed viewbox preserveaspectratio xmlns d x y x1 x2 y1 y2 cx cy r rx ry dx dy points transform fill fill-rule clip-rule ' +
    'stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray opacity offset stop-color gradientunits text-anchor font-size ' +
    'rr_width rr_height rr_left rr_top rr_scrollleft rr_scrolltop rr_mediastate media rel charset'
  ).split(' '),
);
/** Their value is CSS. */
const CSS = new Set(['style', '_csstext']);
/** rrweb's kinds of events and sources of changes. */
const SNAPSHOT = 2;
const CHANGE = 3;
const META = 4;
const CUSTOM = 5;
const PLAIN_SOURCES = [1, 2, 3, 4, 6, 7, 12, 14];
const MUTATION = 0;
const INPUT = 5;
const STYLES = [8, 13, 15];
const SOURCES = [...PLAIN_SOURCES, MUTATION, INPUT, ...STYLES];
const ELEMENT = 2;
const DATA_URL = /^data:(image|font)\//;

const dots = (text) => String(text ?? '').replace(/\S/g, '•');

/** CSS without the addresses in it, and without what it would write itself. */
const styles = (css) =>
  String(css)
    .replace(/url\(\s*(['"]?)([^)]*)\)/gi, (all, quote, address) => (DATA_URL.test(address) ? all : 'url()'))
    .replace(/@import[^;]*;?/gi, '')
    .replace(/\b(content\s*:\s*)("[^"]*"|'[^']*')/gi, (all, head, text) => head + text[0] + dots(text.slice(1, -1)) + text[0]);

/** An address without what may identify: words of the path stay, the rest of its segments and the query go. */
export const bare = (address) => {
  try {
    const { origin, pathname } = new URL(address);
    return origin + pathname.replace(/[^/]+/g, (segment) => (/^[a-z-]{1,24}$/.test(segment) ? segment : '{id}'));
  } catch {
    return 'about:blank';
  }
};

/** Whether anything of an event may be kept. */
export const isKept = ({ type, data }) =>
  type <= SNAPSHOT || type === META || (type === CHANGE ? SOURCES.includes(data.source) : type === CUSTOM && data.tag === 'throughline');

/**
 * Takes events in the order in which rrweb emits them, and returns what may be kept of each, or null. `sheets` are the nodes
 * that hold CSS, to which it adds.
 */
export function masker(sheets = new Set()) {
  function attributes(given) {
    const kept = {};
    for (const name of Object.keys(given ?? {})) {
      const value = given[name];
      const key = name.toLowerCase();
      if (CSS.has(key)) kept[name] = value && typeof value === 'object' ? properties(value) : value && styles(value);
      else if (KEPT.has(key)) kept[name] = value;
    }
    return kept;
  }

  /** The changed properties of an inline style: name → value, or value and priority, or false. */
  function properties(changed) {
    const clean = (value) => (Array.isArray(value) ? value.map(clean) : typeof value === 'string' ? styles(value) : value);
    return Object.fromEntries(Object.entries(changed).map(([name, value]) => [name, clean(value)]));
  }

  /** Masks a node and all below it, in place; rrweb's nodes are nobody else's. */
  function node(root, inSheet) {
    const open = [[root, inSheet]];
    while (open.length) {
      const [one, isCss] = open.pop();
      if (one.type === ELEMENT) {
        one.attributes = attributes(one.attributes);
        const holds = one.tagName === 'style';
        if (holds) sheets.add(one.id);
        for (const child of one.childNodes ?? []) open.push([child, holds]);
      } else if (one.childNodes) {
        for (const child of one.childNodes) open.push([child, false]);
      } else if ('textContent' in one) {
        one.textContent = isCss ? styles(one.textContent) : dots(one.textContent);
        if (isCss) sheets.add(one.id);
      }
    }
    return root;
  }

  /** Every text in what changes a style sheet is CSS. */
  function css(value) {
    if (typeof value === 'string') return styles(value);
    if (Array.isArray(value)) return value.map(css);
    return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, css(one)])) : value;
  }

  function change(data) {
    const { source } = data;
    if (PLAIN_SOURCES.includes(source)) return data;
    if (source === INPUT) return { source, id: data.id, text: dots(data.text), isChecked: data.isChecked, userTriggered: data.userTriggered };
    if (STYLES.includes(source)) return css(data);
    return {
      source,
      removes: data.removes,
      adds: data.adds.map(({ parentId, nextId, previousId, node: added }) => ({ parentId, nextId, previousId, node: node(added, sheets.has(parentId)) })),
      texts: data.texts.map(({ id, value }) => ({ id, value: sheets.has(id) ? styles(value) : dots(value) })),
      attributes: data.attributes.map(({ id, attributes: changed }) => ({ id, attributes: attributes(changed) })),
    };
  }

  return (event) => {
    if (!isKept(event)) return null;
    const { type, timestamp, data } = event;
    if (type < SNAPSHOT) return { type, timestamp, data: {} };
    if (type === SNAPSHOT) return { type, timestamp, data: { node: node(data.node, false), initialOffset: data.initialOffset } };
    if (type === META) return { type, timestamp, data: { href: bare(data.href), width: data.width, height: data.height } };
    return { type, timestamp, data: type === CUSTOM ? data : change(data) };
  };
}
