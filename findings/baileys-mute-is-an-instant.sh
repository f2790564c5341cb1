#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 and a chat that is muted for eight hours as its own README shows it.
#
# Guess before the run: `chatModify({ mute: 8 * 60 * 60 * 1000 })` mutes the chat until eight hours from now; the README
# has a table of durations, and the comment of the type says "mute for duration".
# Found: the number is taken for the instant at which the mute ends. The record for the phone and the event for the own
# listeners both name 08:00 on 1 January 1970: a mute that is over when it begins, and no error. `Date.now() + 8 * 60 *
# 60 * 1000` gives what was meant.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @whiskeysockets/baileys@7.0.0-rc14
grep -q 'chatModify({ mute: 8 \* 60 \* 60 \* 1000 }' node_modules/@whiskeysockets/baileys/README.md

cat >mute.mjs <<'JS'
import { chatModificationToAppPatch, makeEventBuffer, processSyncAction, proto } from '@whiskeysockets/baileys';

const quiet = () => undefined;
const silent = { level: 'silent', child: () => silent, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
const ann = '628111@s.whatsapp.net';
const { syncAction, index } = chatModificationToAppPatch({ mute: 8 * 60 * 60 * 1000 }, ann);
const events = makeEventBuffer(silent);
let told;
events.on('chats.update', ([{ muteEndTime }]) => (told = muteEndTime));
// What `chatModify` itself does with its patch after WhatsApp has taken it.
processSyncAction({ syncAction: { value: proto.SyncActionValue.fromObject(syncAction) }, index }, events, undefined);
console.log(new Date(Number(syncAction.muteAction.muteEndTimestamp)).toISOString(), new Date(told).toISOString());
JS
ends=$(node mute.mjs)
echo "Baileys 7.0.0-rc14: mute for eight hours ends, for the phone and in the own event, at: $ends"
[ "$ends" = "1970-01-01T08:00:00.000Z 1970-01-01T08:00:00.000Z" ]
