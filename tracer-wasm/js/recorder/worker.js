// Makes chunks off the page's thread: each message is a chunk, its answer is what packer() makes of it, and the nodes that
// hold CSS, which the page must know when it has no time to ask.
import { packer } from './pack.js';

const sheets = new Set();
const { packed } = packer(sheets);

onmessage = async ({ data }) => {
  const made = await packed(data);
  postMessage({ ...made, sheets: [...sheets] });
};
