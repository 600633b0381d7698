<!-- tag -->
// A worker that does what each message asks for, and tells every message that it got.
const seen = [];
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const errands = {
  async fetch({ path }) {
    await fetch(path);
  },
  async chain({ path, millis }) {
    await sleep(millis);
    const response = await fetch(`${path}-1`);
    await response.json();
    await new Promise((resolve) => queueMicrotask(resolve));
    await fetch(`${path}-2`);
  },
  xhr: ({ path }) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open('GET', path);
      request.onload = () => fetch(`${path}-after`).then(() => resolve());
      request.send();
    }),
  async refused() {
    try {
      postMessage(() => {});
    } catch (error) {
      return error.name;
    }
  },
  async seen() {
    return seen;
  },
};

addEventListener('message', async ({ data }) => {
  seen.push(data);
  postMessage({ id: data.id, result: await errands[data.errand](data) });
});
