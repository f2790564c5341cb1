#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 and a part of a file: `downloadContentFromMessage` with `startByte` and `endByte`.
#
# Guess before the run: `startByte` alone gives the rest of the file, and an `endByte` behind the end is cut to the end,
# as in a range of HTTP.
# Found: with `startByte` alone the stream ends without a byte and without an error, though the server has sent the
# rest. With an `endByte` behind the end the padding of the cipher (1 to 16 bytes) comes as if it were part of the file.
# So a download that is resumed, or a player's `Range: bytes=40-`, gets nothing, and a file that is fetched piece by
# piece is too long. Naming the length of the file as `endByte` gives the right bytes.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @whiskeysockets/baileys@7.0.0-rc14

cat >parts.mjs <<'JS'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { downloadContentFromMessage, getMediaKeys } from '@whiskeysockets/baileys';

const plain = Buffer.from(Array.from({ length: 100 }, (_, index) => index));
const mediaKey = randomBytes(32);
const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, 'video');
const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
const mac = createHmac('sha256', macKey).update(iv).update(encrypted).digest().subarray(0, 10);
const file = Buffer.concat([encrypted, mac]);

const server = createServer(({ headers }, answer) => {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (start === undefined) return answer.end(file);
  const last = end ? Math.min(Number(end), file.length - 1) : file.length - 1;
  answer.writeHead(206, { 'content-range': `bytes ${start}-${last}/${file.length}` });
  answer.end(file.subarray(Number(start), last + 1));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/file`;

async function part(range) {
  const chunks = [];
  for await (const chunk of await downloadContentFromMessage({ mediaKey, url }, 'video', range)) chunks.push(chunk);
  const got = Buffer.concat(chunks);
  const want = plain.subarray(range.startByte, range.endByte);
  return `${got.length} of ${want.length}${got.subarray(0, want.length).equals(want) ? '' : ' wrong'}`;
}
const ranges = [{ startByte: 40, endByte: 100 }, { startByte: 40 }, { startByte: 40, endByte: 1000 }];
const parts = [];
for (const range of ranges) parts.push(await part(range));
console.log(parts.join(', '));
process.exit(0);
JS
parts=$(timeout 60 node parts.mjs)
echo "Baileys 7.0.0-rc14: bytes of a file of 100, from byte 40 to 100, from 40 on, from 40 to 1000: $parts"
[ "$parts" = "60 of 60, 0 of 60 wrong, 72 of 60" ]
