// An ordinary Node service, traced by OpenTelemetry's Node SDK with automatic HTTP instrumentation and nothing of ours.
//
//   node --import ./tracing.js node-service.js
//
// Prints `listening service URL`. `GET /` is a page whose button orders; `POST /orders` asks `UPSTREAM_URL` and answers.

import http from 'node:http';

const TAG = process.env.TAG;
const UPSTREAM_URL = process.env.UPSTREAM_URL;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Orders</title>
${TAG}
<button id="order">Order</button>
<output id="answer"></output>
<script>
document.getElementById('order').addEventListener('click', async () => {
  const response = await fetch('/orders', { method: 'POST', body: '{}' });
  document.getElementById('answer').textContent = await response.text();
});
</script>
</html>`;

const server = http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/orders') {
    request.resume();
    http.get(`${UPSTREAM_URL}/api/stock`, (stock) => {
      stock.resume();
      stock.on('end', () => response.end('ordered'));
    });
  } else if (request.url === '/') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(PAGE);
  } else {
    response.statusCode = request.url === '/favicon.ico' ? 204 : 404;
    response.end();
  }
});

server.listen(0, '127.0.0.1', () => console.log(`listening service http://127.0.0.1:${server.address().port}`));
