#!/usr/bin/env bash
# openapi-zod-client 1.18.3 and a union of OpenAPI 3.1 whose members are told apart by `const`.
#
# Guess before the run: each `const` becomes a literal of zod, as an `enum` of one value does, and the union parses.
# Found: `const` becomes `z.unknown()`, and the discriminator, with its mapping, becomes a `z.discriminatedUnion` over
# it. The generator reports success and the file compiles; its import throws "A discriminator value for key `type` could
# not be extracted from all schema options", so none of its endpoints can be used. With `enum: ["text"]` in place of
# `const: "text"` it works.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent openapi-zod-client@1.18.3 @zodios/core@10.9.6 axios@1 zod@3 typescript@5.9.3

document() { # document TEXT LOCATION: what says which member it is
  cat <<JSON
{
  "openapi": "3.1.0",
  "info": { "title": "messages", "version": "1.0.0" },
  "paths": {
    "/messages": {
      "post": {
        "operationId": "send",
        "requestBody": {
          "required": true,
          "content": { "application/json": { "schema": { "\$ref": "#/components/schemas/Content" } } }
        },
        "responses": { "201": { "description": "sent" } }
      }
    }
  },
  "components": {
    "schemas": {
      "Text": {
        "type": "object",
        "required": ["type", "text"],
        "properties": { "type": $1, "text": { "type": "string" } }
      },
      "Location": {
        "type": "object",
        "required": ["type", "latitude"],
        "properties": { "type": $2, "latitude": { "type": "number" } }
      },
      "Content": {
        "oneOf": [{ "\$ref": "#/components/schemas/Text" }, { "\$ref": "#/components/schemas/Location" }],
        "discriminator": {
          "propertyName": "type",
          "mapping": { "text": "#/components/schemas/Text", "location": "#/components/schemas/Location" }
        }
      }
    }
  }
}
JSON
}

imported() { # imported TEXT LOCATION: what importing the generated client comes to
  document "$1" "$2" >openapi.json
  npx openapi-zod-client openapi.json --output client.ts >/dev/null
  npx tsc --target es2022 --module es2022 --moduleResolution bundler --skipLibCheck client.ts
  mv client.js client.mjs
  node -e "import('./client.mjs').then(() => console.log('works'), ({ message }) => console.log(message))"
}

const=$(imported '{ "const": "text" }' '{ "const": "location" }')
enum=$(imported '{ "type": "string", "enum": ["text"] }' '{ "type": "string", "enum": ["location"] }')
echo "openapi-zod-client 1.18.3: import of the client, with enum: $enum; with const: $const"
# shellcheck disable=SC2016 # The backticks belong to the sentence of zod.
[ "$enum" = works ] && [ "$const" = 'A discriminator value for key `type` could not be extracted from all schema options' ]
