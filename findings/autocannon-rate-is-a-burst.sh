#!/usr/bin/env bash
# autocannon 9.0.0 at a rate: `overallRate` with fewer requests than the server could answer.
#
# Guess before the run: requests of a rate begin at about equal distances, so that a latency at half load is that of a
# server with half of its load.
# Found: what belongs to a second is sent as fast as the connections can at its beginning, and the rest of the second is
# silent. So each latency is that of a server under full load with all connections busy, at whatever rate.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent autocannon@9.0.0

cat >rate.cjs <<'JS'
const { createServer } = require('node:http');
const autocannon = require('autocannon');

const arrivals = [];
const server = createServer((request, answer) => {
  arrivals.push(performance.now());
  answer.end('ok');
});
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  await autocannon({ url, connections: 10, overallRate: 200, duration: 5 });
  // Silence between two arrivals, in milliseconds; equal distances would be 5.
  const gaps = arrivals.slice(1).map((at, index) => at - arrivals[index]);
  const silences = gaps.filter((gap) => gap > 500).length;
  const close = gaps.filter((gap) => gap < 2.5).length / gaps.length;
  console.log(JSON.stringify({ requests: arrivals.length, silences, close: Number(close.toFixed(2)) }));
  process.exit(silences >= 3 && close > 0.8 ? 0 : 1);
});
JS
if found=$(timeout 60 node rate.cjs); then code=0; else code=$?; fi
echo "autocannon 9.0.0, 10 connections, 200 requests/s for 5 s (silences are longer than 0.5 s): $found"
exit "$code"
