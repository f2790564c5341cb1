#!/usr/bin/env bash
# @whiskeysockets/baileys 7.0.0-rc14 in a layout in which a package finds only what it declares.
#
# Guess before the run: it can be imported, because everything that it imports is among its dependencies.
# Found: `lib/Socket/messages-recv.js` imports `long`, which it does not declare. It works where another package's `long` is
# hoisted to where Baileys finds it (npm, pnpm by default), and fails with ERR_MODULE_NOT_FOUND where nothing is hoisted:
# pnpm with `hoist=false`, or an image into which the declared dependencies alone were copied.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json

try() { # try HOIST: what importing it comes to
  rm -rf node_modules pnpm-lock.yaml
  npx --yes pnpm@10.34.8 add --config.hoist="$1" --ignore-scripts --silent @whiskeysockets/baileys@7.0.0-rc14 >/dev/null
  node -e "import('@whiskeysockets/baileys').then(() => console.log('imported'), ({ code, message }) =>
    console.log(code, /package '(.*?)'/.exec(message)?.[1] ?? message))"
}

alone=$(try false)
hoisted=$(try true)
declared=$(node -p "'long' in require('./node_modules/@whiskeysockets/baileys/package.json').dependencies")
echo "Baileys 7.0.0-rc14: declares long: $declared; hoisted: $hoisted; with its own dependencies alone: $alone"
[ "$declared" = false ] && [ "$hoisted" = imported ] && [ "$alone" = "ERR_MODULE_NOT_FOUND long" ]
