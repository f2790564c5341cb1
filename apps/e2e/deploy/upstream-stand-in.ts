import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A service behind the proxy for what the gateway does not do, or not on request. It upgrades to WebSocket, cuts
 * answers in the middle, streams without the header that the gateway sets, and tells when bytes of an upload arrive.
 */
export interface UpstreamStandIn {
  url: string;
  /** The headers of the last request. */
  lastHeaders(): IncomingHttpHeaders;
  /** Bytes of the upload that is arriving. */
  arrived(): number;
  close(): Promise<void>;
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT_FRAME = 0x81;

export async function startUpstreamStandIn(): Promise<UpstreamStandIn> {
  let headers: IncomingHttpHeaders = {};
  let arrived = 0;
  const server = createServer((request, response) => {
    headers = request.headers;
    arrived = 0;
    request.on('data', (chunk: Buffer) => {
      arrived += chunk.length;
    });
    switch (request.url) {
      case '/cut':
        // Chunked, so the length is not known; then the connection breaks.
        response.write('the first half');
        setTimeout(() => response.destroy(), 50);
        return;
      case '/events':
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: one\n\n');
        return;
      default:
        request.on('end', () => response.end(`${request.method} ${request.url} ${arrived}`));
        request.resume();
    }
  });
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${WEBSOCKET_GUID}`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const text = Buffer.from(`upgraded ${request.url}`);
    socket.write(Buffer.concat([Buffer.from([TEXT_FRAME, text.length]), text]));
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lastHeaders: () => headers,
    arrived: () => arrived,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
