// Chunks of a recording as they are sent: masked, in JSON, gzipped where the browser can.
import { masker } from './mask.js';

const encoder = new TextEncoder();
const { CompressionStream, Response } = globalThis;

/**
 * What makes chunks, each of the events that follow those of the chunk before. `chunk` is what the server takes
 * (`session`, `stream`, `number`, `events`); `sheets` is the masker's.
 */
export function packer(sheets) {
  const mask = masker(sheets);

  /** The chunk's bytes. */
  const plain = (chunk) => encoder.encode(JSON.stringify({ ...chunk, events: chunk.events.map(mask).filter(Boolean) }));

  return {
    plain,

    /** The chunk's bytes, and whether they are gzipped. */
    async packed(chunk) {
      const bytes = plain(chunk);
      if (!CompressionStream) return { bytes };
      return { bytes: await new Response(new Response(bytes).body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer(), gzipped: true };
    },
  };
}
