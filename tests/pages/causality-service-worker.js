// Speaks to every page for a while whenever it is spoken to.
onmessage = (event) => {
  event.waitUntil(
    (async () => {
      for (let i = 0; i < 5; i++) {
        for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage('beat');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })(),
  );
};
