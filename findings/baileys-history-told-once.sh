#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 and older messages that the phone is asked for twice (`fetchMessageHistory`).
#
# Guess before the run: each answer of the phone comes as `messaging-history.set` with its messages.
# Found: the event of the second answer comes, with the session id of its request, and without messages and chats: the
# event buffer leaves out what a history of this socket has had before, and only a new socket or ten thousand entries
# make it forget. A program that asks again because its first attempt to store them failed gets an empty answer, which
# looks like the beginning of the chat.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @whiskeysockets/baileys@7.0.0-rc14

cat >ask.mjs <<'JS'
import { createServer } from 'node:net';
import { deflateSync } from 'node:zlib';
import { initAuthCreds, makeWASocket, proto } from '@whiskeysockets/baileys';

const quiet = () => undefined;
const silent = { level: 'silent', child: () => silent, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
// Takes the connection, and says nothing.
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const me = '628000@s.whatsapp.net';
const ann = '628111@s.whatsapp.net';
const sock = makeWASocket({
  auth: { creds: { ...initAuthCreds(), me: { id: me } }, keys: { get: async () => ({}), set: quiet } },
  waWebSocketUrl: `ws://127.0.0.1:${server.address().port}`,
  logger: silent,
});
// Until the server has said that nothing older waits, the socket keeps all events: here nobody will say so.
await new Promise((resolve) => setImmediate(resolve));
sock.ev.flush();
const ON_DEMAND = proto.HistorySync.HistorySyncType.ON_DEMAND;
const older = ['A1', 'A2'].map((id, order) => ({
  message: {
    key: { remoteJid: ann, fromMe: false, id },
    message: { conversation: 'an older message' },
    messageTimestamp: 1_700_000_000 - order,
  },
}));

/** The answer of the own phone to one request. */
function answer(request) {
  const history = { syncType: ON_DEMAND, conversations: [{ id: ann, messages: older }] };
  const payload = deflateSync(proto.HistorySync.encode(proto.HistorySync.fromObject(history)).finish());
  return proto.WebMessageInfo.fromObject({
    key: { remoteJid: me, fromMe: true, id: request },
    messageTimestamp: 1_700_000_100,
    message: {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          syncType: ON_DEMAND,
          initialHistBootstrapInlinePayload: payload,
          peerDataRequestSessionId: request,
        },
      },
    },
  });
}

for (const request of ['first', 'second']) {
  const told = new Promise((resolve) => {
    const listener = (event) => {
      sock.ev.off('messaging-history.set', listener);
      resolve(event);
    };
    sock.ev.on('messaging-history.set', listener);
  });
  // What the socket does with a message that it has decrypted.
  await sock.upsertMessage(answer(request), 'append');
  const { peerDataRequestSessionId, messages, chats } = await told;
  console.log(`${peerDataRequestSessionId}: ${messages.length} messages, ${chats.length} chats`);
}
process.exit(0);
JS
told=$(timeout 60 node ask.mjs | paste -sd ';')
echo "Baileys 7.0.0-rc14, the same two older messages as the answer to two requests: $told"
[ "$told" = "first: 2 messages, 1 chats;second: 0 messages, 0 chats" ]
