/**
 * Writes the made parts of `clients/`: `npx pnpm --filter @wa-gate/gateway openapi` calls it. They are in the
 * repository, because PHP and Python projects take the clients from there, without Node.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { clientFiles } from './lib/client-files.mjs';
import { readDocument } from './lib/operations.mjs';

const root = new URL('../../../', import.meta.url);
for (const [path, text] of clientFiles(readDocument())) {
  const file = new URL(path, root);
  mkdirSync(new URL('./', file), { recursive: true });
  writeFileSync(file, text);
}
