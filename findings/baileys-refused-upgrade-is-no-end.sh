#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 when a proxy or load balancer answers the WebSocket's request with an HTTP status.
#
# Guess before the run: `connection.update` tells of a closed connection, at once or after `connectTimeoutMs`, with the
# status in its error, and the program connects anew.
# Found: nothing comes (45 s were watched with a time-out of 2 s), although the server has closed the TCP connection.
# Baileys listens for `unexpected-response` of `ws`, which keeps `ws` from making an error of it, and does nothing
# itself. The socket stays "connecting". A listener of one's own on `sock.ws` for that event, which calls
# `sock.end(error)`, is the way out.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @whiskeysockets/baileys@7.0.0-rc14

cat >connect.mjs <<'JS'
import { createServer } from 'node:http';
import { initAuthCreds, makeWASocket } from '@whiskeysockets/baileys';

let closed = 0;
const server = createServer();
server.on('upgrade', (_request, socket) => {
  socket.on('close', () => (closed += 1));
  socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const quiet = () => undefined;
const silent = { level: 'silent', child: () => silent, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
const url = (port) => `ws://127.0.0.1:${port}`;

async function seen(waWebSocketUrl, prepare = quiet) {
  const sock = makeWASocket({
    auth: { creds: initAuthCreds(), keys: { get: async () => ({}), set: quiet } },
    waWebSocketUrl,
    logger: silent,
    connectTimeoutMs: 1_000,
  });
  prepare(sock);
  const updates = [];
  sock.ev.on('connection.update', ({ connection }) => updates.push(connection));
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return updates.join(' then ');
}
const { port } = server.address();
const refused = await seen(url(port));
const times = closed;
const heard = await seen(url(port), (sock) => sock.ws.on('unexpected-response', () => sock.end(new Error('refused'))));
await new Promise((resolve) => server.close(resolve));
const nobody = await seen(url(port));
console.log(`502 (server closed: ${times}): ${refused}; with a listener: ${heard}; nobody listens: ${nobody}`);
process.exit(0);
JS
seen=$(timeout 60 node connect.mjs)
echo "Baileys 7.0.0-rc14, connectTimeoutMs 1000, states within 5 s: $seen"
[ "$seen" = "502 (server closed: 1): connecting; with a listener: connecting then close; nobody listens: connecting then close" ]
