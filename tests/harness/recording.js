// Recordings made up by a test, in rrweb's format.

const element = (id, tagName, ...childNodes) => ({ type: 2, id, tagName, attributes: {}, childNodes });

/** A whole picture of a page with one text. @param {number} at milliseconds of Unix time @param {string} words */
export const picture = (at, words) => [
  { type: 4, timestamp: at, data: { href: 'https://shop.example/', width: 640, height: 480 } },
  { type: 2, timestamp: at, data: { initialOffset: { top: 0, left: 0 }, node: { type: 0, id: 1, childNodes: [element(2, 'html', element(3, 'head'), element(4, 'body', { type: 3, id: 5, textContent: words }))] } } },
];

/** Another text of that page. @param {number} at @param {string} words */
export const rewording = (at, words) => ({ type: 3, timestamp: at, data: { source: 0, adds: [], removes: [], attributes: [], texts: [{ id: 5, value: words }] } });

/**
 * Sends a chunk as the recorder does.
 *
 * @param {import('./throughline.js').Throughline} throughline
 * @param {{session: string, stream: string, number?: number, events: object[]}} chunk
 */
export async function sendRecording(throughline, { session, stream, number = 0, events }) {
  const response = await fetch(`${throughline.ingestUrl}/v1/replay`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ session, stream, number, events }) });
  if (response.status !== 204) throw new Error(`the recording was answered ${response.status}: ${await response.text()}`);
}
