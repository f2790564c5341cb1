#!/usr/bin/env bash
# pm2 7.0.4 and a program in cluster mode that writes to file descriptor 1, as pino's default destination does.
#
# Guess before the run: its lines are in the log file of the program, as they are in fork mode.
# Found: in cluster mode only what is written by `process.stdout` and `process.stderr` is there, because pm2 replaces these
# two. What is written to the descriptor itself goes to the log of the pm2 daemon (`$PM2_HOME/pm2.log`), and `pm2 logs
# <name>` shows nothing of it. With pino every line of a service is missing there.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
export PM2_HOME="$folder/pm2" HOME="$folder" PM2_DISCRETE_MODE=true
pm2() { node "$folder/node_modules/pm2/bin/pm2" "$@" >/dev/null; }
trap 'pm2 kill || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --silent pm2@7.0.4

cat >program.js <<'JS'
const mode = process.argv[2];
require('node:fs').writeSync(1, `descriptor in ${mode}\n`);
process.stdout.write(`stream in ${mode}\n`);
setInterval(() => {}, 1000);
JS
pm2 start program.js --name forked --output "$folder/forked.log" -- fork
pm2 start program.js --name clustered -i 1 --merge-logs --output "$folder/clustered.log" -- cluster
for _ in $(seq 100); do
  grep -q 'stream in fork' forked.log 2>/dev/null && grep -q 'stream in cluster' clustered.log 2>/dev/null && break
  sleep 0.1
done

count() { grep -c "$1" "$2" || true; }
forked=$(count 'descriptor in fork' forked.log)
clustered=$(count 'descriptor in cluster' clustered.log)
daemon=$(count 'descriptor in cluster' "$PM2_HOME/pm2.log")
echo "pm2 7.0.4: lines of descriptor 1 in the program's log: fork mode $forked, cluster mode $clustered; in pm2.log: $daemon"
[ "$forked" -eq 1 ] && [ "$clustered" -eq 0 ] && [ "$daemon" -eq 1 ]
