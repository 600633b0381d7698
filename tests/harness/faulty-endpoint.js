// Endpoints that do what a broken network does.

import { createServer } from 'node:net';

/** Accepts connections and never answers, until it is released into closing them. */
export class HangingEndpoint {
  /** How many connections are open and unanswered. */
  get waiting() {
    return this.connections.size;
  }

  static async start() {
    const endpoint = new HangingEndpoint();
    endpoint.connections = new Set();
    /** What was asked of it, the head of each request. @type {string[]} */
    endpoint.asked = [];
    endpoint.server = createServer((socket) => {
      endpoint.connections.add(socket);
      socket.on('data', (data) => endpoint.asked.push(String(data)));
      socket.on('error', () => {});
      socket.on('close', () => endpoint.connections.delete(socket));
    });
    await new Promise((resolve) => endpoint.server.listen(0, '127.0.0.1', resolve));
    endpoint.origin = `http://127.0.0.1:${endpoint.server.address().port}`;
    return endpoint;
  }

  async dispose() {
    for (const socket of this.connections) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An origin at which nothing listens. */
export async function refusingOrigin() {
  const endpoint = await HangingEndpoint.start();
  await endpoint.dispose();
  return endpoint.origin;
}
