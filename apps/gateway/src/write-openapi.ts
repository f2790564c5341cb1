import { readFileSync, writeFileSync } from 'node:fs';
import { buildOpenapiDocument } from './openapi-document.ts';

/** Writes `apps/gateway/openapi.json`: `npx pnpm --filter @wa-gate/gateway openapi` after a change of the API. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
writeFileSync(new URL('../openapi.json', import.meta.url), await buildOpenapiDocument(version));
