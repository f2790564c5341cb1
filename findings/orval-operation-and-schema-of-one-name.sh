#!/usr/bin/env bash
# orval 8.38.0 and an OpenAPI 3.1 document in which an operation and a schema differ by a dot alone.
#
# Guess before the run: the enum of the query parameter and the enum inside the schema get two names, or one shared type.
# Found: orval makes one TypeScript name of both (`DashboardHistoryScope`) and declares it twice in the same file. It reports
# success; the file does not compile (TS2451, Cannot redeclare block-scoped variable). The operation id
# `dashboard.getHistory` instead of `dashboard.history` avoids it.
#
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent orval@8.38.0 typescript@5.9.3

document() { # document OPERATION_ID
  cat <<JSON
{
  "openapi": "3.1.0",
  "info": { "title": "two names", "version": "1.0.0" },
  "paths": {
    "/dashboard/history": {
      "get": {
        "operationId": "$1",
        "parameters": [{ "name": "scope", "in": "query", "schema": { "type": "string", "enum": ["own", "all"] } }],
        "responses": {
          "200": {
            "description": "ok",
            "content": { "application/json": { "schema": { "\$ref": "#/components/schemas/DashboardHistory" } } }
          }
        }
      }
    }
  },
  "components": {
    "schemas": {
      "DashboardHistory": {
        "type": "object",
        "required": ["scope"],
        "properties": { "scope": { "type": "string", "enum": ["workspace", "installation"] } }
      }
    }
  }
}
JSON
}

errors() { # errors OPERATION_ID: how often the generated file declares a name twice
  document "$1" >openapi.json
  npx orval --input openapi.json --output client.ts --client fetch >/dev/null
  npx tsc --noEmit --strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext \
    --lib es2023,dom,dom.iterable client.ts | grep -c TS2451 || true
}

clashing=$(errors dashboard.history)
apart=$(errors dashboard.getHistory)
echo "orval 8.38.0: dashboard.history beside DashboardHistory: $clashing errors; dashboard.getHistory: $apart errors"
[ "$clashing" -gt 0 ] && [ "$apart" -eq 0 ]
