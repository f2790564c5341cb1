/** A minimal webhook endpoint: receives events, checks their signature and keeps them. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { isSignatureValid } from './webhook-signature.mjs';

const MAX_BODY_BYTES = 1024 * 1024;

/** @typedef {{ event: any, valid: boolean }} Received */

/**
 * @param {number} port
 * @param {() => string | undefined} secret known only after the webhook was registered
 */
export async function startReceiver(port, secret) {
  /** @type {Received[]} */
  const received = [];
  const arrivals = new EventEmitter();
  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async function take(request, response) {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) {
      body += chunk;
      if (body.length > MAX_BODY_BYTES) return void request.destroy();
    }
    const key = secret();
    const valid = key !== undefined && isSignatureValid({ headers: request.headers, body }, key);
    const event = parse(body);
    response.writeHead(valid && event ? 204 : 400).end();
    if (!event) return;
    received.push({ event, valid });
    arrivals.emit('event', { event, valid });
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy()); // the sender went away
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}/webhook`,
    received,
    /** @param {(received: Received) => void} listener */
    onEvent: (listener) => void arrivals.on('event', listener),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param {string} body */
function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
