/** Writes `src/generated`: a part of the build, so that the types always fit the description of the API. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readDocument } from './lib/operations.mjs';
import { renderOperations, renderSchema } from './lib/typescript.mjs';

const folder = new URL('../src/generated/', import.meta.url);
const document = readDocument();
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('schema.ts', folder), await renderSchema(document));
writeFileSync(new URL('operations.ts', folder), renderOperations(document));
