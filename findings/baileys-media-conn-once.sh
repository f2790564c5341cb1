#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 when WhatsApp does not answer one question for its media hosts.
#
# Guess before the run: the upload that asked fails, and the next one asks again.
# Found: the socket keeps the promise of the failed question. Every later upload of that socket fails with "Cannot read properties
# of undefined (reading 'attrs')", without asking, and `refreshMediaConn(true)` fails in the same way. Only a new connection helps.
# Asking by a query of one's own, and keeping answers alone, is the way around it.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @whiskeysockets/baileys@7.0.0-rc14 ws@8.23.0

cat >ask.mjs <<'JS'
import { initAuthCreds, makeWASocket } from '@whiskeysockets/baileys';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await new Promise((resolve) => server.on('listening', resolve));
let frames = 0;
// Takes every question, and answers none.
server.on('connection', (socket) => socket.on('message', () => (frames += 1)));
const quiet = () => undefined;
const silent = { level: 'silent', child: () => silent, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
const sock = makeWASocket({
  auth: { creds: initAuthCreds(), keys: { get: async () => ({}), set: quiet } },
  waWebSocketUrl: `ws://127.0.0.1:${server.address().port}`,
  logger: silent,
  defaultQueryTimeoutMs: 300,
  connectTimeoutMs: 60_000,
});
await sock.waitForSocketOpen();
const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
await pause();
const asked = [];
for (const isForced of [false, false, true]) {
  const before = frames;
  await sock.refreshMediaConn(isForced).then(quiet, quiet);
  await pause();
  asked.push(frames - before);
}
console.log(asked.join(' '));
process.exit(0);
JS

asked=$(timeout 60 node ask.mjs)
echo "Baileys 7.0.0-rc14: questions sent by three attempts after each other, the last one forced: $asked"
[ "$asked" = "1 0 0" ]
