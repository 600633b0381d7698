// What of a recording is played: shape, styles and movement, nothing that acts or asks a server for something.
//
// The server cleans what it stores as well. This is for recordings that come another way, and keeps the player's policy
// and its frame's sandbox from being the only thing between a recording and whoever looks at it. Nothing here relies on
// an event being what rrweb would write.

const SNAPSHOT = 2;
const CHANGE = 3;
const META = 4;
const MUTATION = 0;
const MOVES = [1, 6, 12];
const MOUSE = 2;
const SCROLL = 3;
const RESIZE = 4;
const INPUT = 5;
const STYLES = [8, 13, 15];
const SELECTION = 14;
/** rrweb's kinds of mouse interactions are numbered from 0. */
const MOUSE_KINDS = 11;

const DOCUMENT = 0;
const DOCTYPE = 1;
const ELEMENT = 2;
const TYPES = 6;

/** Deeper than this no HTML parser nests, and rrweb's recursion would run out of stack. */
const MOST_DEPTH = 512;
const MOST_PIXELS = 16_384;
/** Unix time in milliseconds that a date can have. */
const LATEST = 8.64e15;

/** Elements that act or bring in what acts; each becomes an empty one, so that its number stays taken. */
const FORBIDDEN = new Set('script noscript object embed applet base portal frame frameset fencedframe meta animate animatemotion animatetransform set discard audio video source track param'.split(' '));
/** Attributes with an address, a program, or a wish to be focused. */
const FORBIDDEN_ATTRIBUTES = /^(on.*|srcdoc|srcset|imagesrcset|manifest|action|formaction|ping|data|cite|background|poster|content|http-equiv|autofocus|autoplay|target|name|allow|sandbox|nonce|integrity|is)$/;
const ADDRESS = /(^|:)(src|href)$|^rr_(src|dataurl)$/;
const PICTURE = /^data:image\//i;

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const list = (value) => (Array.isArray(value) ? value : []);
const finite = (value) => typeof value === 'number' && Number.isFinite(value);
const number = (value) => (finite(value) ? value : 0);
const pixels = (value) => Math.min(Math.max(Math.round(number(value)), 1), MOST_PIXELS);

/** The colours that the visitor prefers, for the length of one cleaning; null leaves them to whoever looks. */
let preferred = null;

/** Style as the visitor's preference has it: a frame's media features are those of the browser that plays it. */
function inScheme(text) {
  if (!preferred) return text;
  return text
    .replace(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi, (_, one) => (one.toLowerCase() === preferred ? '(min-width: 0px)' : '(max-width: -1px)'))
    .replace(/(?<![\w-])(color-scheme\s*:)\s*([^;{}]*)/gi, (all, name, value) => (new RegExp(`\\b${preferred}\\b`, 'i').test(value) ? `${name} ${preferred}` : all));
}

/** CSS that loads nothing but what it holds itself. */
const css = (text) =>
  inScheme(text)
    .replace(/@import[^;]*;?/gi, '')
    .replace(/url\(\s*(['"]?)\s*([^)]*)\)/gi, (all, quote, address) => (/^(data:(image|font)\/|#)/i.test(address) ? all : 'url()'))
    .replace(/image-set\(/gi, 'none(');

/** Every text in what changes a style sheet is CSS. */
function sheet(value) {
  if (typeof value === 'string') return css(value);
  if (Array.isArray(value)) return value.map(sheet);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sheet(one)])) : value;
}

function attributes(given) {
  const kept = {};
  for (const [name, value] of Object.entries(isObject(given) ? given : {})) {
    const key = name.toLowerCase();
    if (FORBIDDEN_ATTRIBUTES.test(key)) continue;
    if (isObject(value)) {
      if (key === 'style') kept[name] = sheet(value);
    } else if (ADDRESS.test(key)) {
      const address = String(value).trim();
      if (PICTURE.test(address) || address.startsWith('#')) kept[name] = address;
    } else if (typeof value === 'string') {
      kept[name] = key === 'media' ? inScheme(value) : key === 'style' || key === '_csstext' || /url\s*\(/i.test(value) ? css(value) : value;
    } else if (value === null || typeof value === 'boolean' || finite(value)) {
      kept[name] = value;
    }
  }
  return kept;
}

/** A node and all below it as new objects, or null where it is none. @param {boolean} inSheet whether its text is CSS */
function node(given, inSheet = false, depth = 0) {
  if (!isObject(given) || !Number.isInteger(given.type) || given.type < 0 || given.type >= TYPES || !Number.isInteger(given.id)) return null;
  const { type, id, rootId, isShadow } = given;
  const kept = { type, id };
  if (Number.isInteger(rootId)) kept.rootId = rootId;
  if (isShadow === true) kept.isShadow = true;
  if (type === DOCTYPE) return { ...kept, name: 'html', publicId: '', systemId: '' };
  if (type > ELEMENT) return { ...kept, textContent: inSheet ? css(String(given.textContent ?? '')) : String(given.textContent ?? ''), ...(given.isStyle === true && { isStyle: true }) };
  let holdsSheet = false;
  let isEmpty = depth >= MOST_DEPTH;
  if (type === DOCUMENT) {
    kept.compatMode = given.compatMode === 'BackCompat' ? 'BackCompat' : 'CSS1Compat';
  } else {
    const tag = String(given.tagName ?? 'div').toLowerCase();
    const own = tag.slice(tag.lastIndexOf(':') + 1);
    kept.attributes = attributes(given.attributes);
    kept.tagName = tag;
    if (given.isSVG === true) kept.isSVG = true;
    if (given.isShadowHost === true) kept.isShadowHost = true;
    // A link is a style sheet that was taken in, or an address.
    const isAddress = own === 'link' && typeof kept.attributes._cssText !== 'string';
    if (FORBIDDEN.has(own) || isAddress || !/^[a-z][a-z0-9._:-]*$/.test(tag)) {
      kept.tagName = 'template';
      kept.attributes = {};
      isEmpty = true;
    }
    holdsSheet = own === 'style';
  }
  kept.childNodes = isEmpty ? [] : list(given.childNodes).map((child) => node(child, holdsSheet, depth + 1)).filter(Boolean);
  return kept;
}

function mutation(data) {
  const ids = (one) => isObject(one) && Number.isInteger(one.id);
  return {
    source: MUTATION,
    removes: list(data.removes).filter(ids),
    texts: list(data.texts).filter(ids).map(({ id, value }) => ({ id, value: value === null ? null : css(String(value)) })),
    attributes: list(data.attributes).filter(ids).map(({ id, attributes: changed }) => ({ id, attributes: attributes(changed) })),
    adds: list(data.adds)
      .filter((one) => isObject(one) && Number.isInteger(one.parentId))
      .map(({ parentId, nextId, previousId, node: added }) => ({ parentId, nextId: nextId ?? null, ...(previousId !== undefined && { previousId }), node: node(added) }))
      .filter((one) => one.node && one.node.id !== one.parentId),
  };
}

function change(data) {
  if (!isObject(data)) return null;
  const { source, id } = data;
  if (source === MUTATION) return mutation(data);
  if (MOVES.includes(source)) {
    const positions = list(data.positions).filter(isObject).map((one) => ({ x: number(one.x), y: number(one.y), id: number(one.id), timeOffset: number(one.timeOffset) }));
    return positions.length ? { source, positions } : null;
  }
  if (source === RESIZE) return { source, width: pixels(data.width), height: pixels(data.height) };
  if (STYLES.includes(source)) return sheet(data);
  if (source === SELECTION) return { source, ranges: list(data.ranges).filter(isObject) };
  if (!Number.isInteger(id)) return null;
  if (source === MOUSE) {
    const isKind = Number.isInteger(data.type) && data.type >= 0 && data.type < MOUSE_KINDS;
    return isKind ? { source, id, type: data.type, x: number(data.x), y: number(data.y) } : null;
  }
  if (source === SCROLL) return { source, id, x: number(data.x), y: number(data.y) };
  if (source === INPUT) return { source, id, text: String(data.text ?? ''), isChecked: data.isChecked === true };
  return null;
}

function event(given) {
  if (!isObject(given) || !finite(given.timestamp) || Math.abs(given.timestamp) > LATEST || !isObject(given.data)) return null;
  const { type, timestamp, data } = given;
  if (type === META) return { type, timestamp, data: { href: '', width: pixels(data.width), height: pixels(data.height) } };
  if (type === CHANGE) {
    const kept = change(data);
    return kept && { type, timestamp, data: kept };
  }
  if (type !== SNAPSHOT) return null;
  const page = node(data.node);
  if (page?.type !== DOCUMENT) return null;
  const { top, left } = isObject(data.initialOffset) ? data.initialOffset : {};
  return { type, timestamp, data: { node: page, initialOffset: { top: number(top), left: number(left) } } };
}

/**
 * The events that can be played, by time, as new objects; what is not known is left out.
 *
 * @param {unknown} recorded
 * @param {unknown} [scheme] `light` or `dark`: the colours that the visitor prefers
 */
export function clean(recorded, scheme) {
  preferred = scheme === 'light' || scheme === 'dark' ? scheme : null;
  return list(recorded)
    .map(event)
    .filter(Boolean)
    .sort((a, b) => a.timestamp - b.timestamp);
}
