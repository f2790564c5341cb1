#!/usr/bin/env bash
# swagger-typescript-api 13.13.0 and an operation whose body is a file (`application/octet-stream`, `format: binary`).
#
# Guess before the run: the method takes a `File` and sends its bytes.
# Found: the method takes a `File`, the types are right, and it sends the two characters `{}`: a body whose media type
# the generator does not know goes through `JSON.stringify`, which knows nothing of a file. The declared media type is
# not sent either. A server that stores what comes answers 201. The same file as `multipart/form-data` arrives.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent swagger-typescript-api@13.13.0 typescript@5.9.3

cat >openapi.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": { "title": "files", "version": "1.0.0" },
  "paths": {
    "/media": {
      "post": {
        "operationId": "upload",
        "requestBody": {
          "required": true,
          "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }
        },
        "responses": { "201": { "description": "stored" } }
      }
    },
    "/forms": {
      "post": {
        "operationId": "uploadForm",
        "requestBody": {
          "required": true,
          "content": {
            "multipart/form-data": {
              "schema": { "type": "object", "properties": { "file": { "type": "string", "format": "binary" } } }
            }
          }
        },
        "responses": { "201": { "description": "stored" } }
      }
    }
  }
}
JSON
npx swagger-typescript-api generate --path openapi.json --output . --name client.ts >/dev/null
npx tsc --target es2022 --module es2022 --moduleResolution bundler --lib es2023,dom,dom.iterable client.ts
mv client.js client.mjs

cat >upload.mjs <<'JS'
import { File } from 'node:buffer';
import { createServer } from 'node:http';
import { Api } from './client.mjs';

const bodies = [];
const server = createServer(async (request, answer) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  bodies.push({ type: request.headers['content-type'], body });
  answer.writeHead(201).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const api = new Api({ baseUrl: `http://127.0.0.1:${server.address().port}` });
const picture = new File(['the bytes of a picture'], 'picture.jpg', { type: 'image/jpeg' });
const { status } = await api.media.upload(picture);
await api.forms.uploadForm({ file: picture });
const [raw, form] = bodies;
console.log(`${status} for ${raw.body} as ${raw.type}; form: ${form.body.includes('the bytes of a picture')}`);
process.exit(0);
JS
sent=$(timeout 60 node upload.mjs)
echo "swagger-typescript-api 13.13.0: the server answers $sent"
[ "$sent" = "201 for {} as text/plain;charset=UTF-8; form: true" ]
